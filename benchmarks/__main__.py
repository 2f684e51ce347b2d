"""`python -m benchmarks --broker HOST:PORT`: each figure as a line of JSON."""

import argparse
import asyncio
import json
from pathlib import Path

from benchmarks import answers, page, rebalance, restore, stock


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "figure", nargs="*", choices=["stock", "restore", "rebalance", "answers", "page", []], help="all by default"
    )
    parser.add_argument("--broker", default="127.0.0.1:9092", help="a Kafka broker on this machine, for this alone")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--keys", choices=["uniform", "zipf"], default="uniform")
    parser.add_argument("--peers", type=Path, help="directory of the peers' runner: runs plain Faust on the same topic")
    parser.add_argument("--rate", type=float, default=5_000, help="events a second while workers come and go")
    parser.add_argument("--rows", type=int, default=10_000_000, help="stock rows that answers are given from")
    given = parser.parse_args()
    if "stock" in (given.figure or ["stock"]):
        found = asyncio.run(stock.measure(given.broker, given.events, given.keys))
        print(json.dumps(found), flush=True)
        if given.peers:
            peer = stock.plain_faust(given.peers, given.broker)
            ratio = round(found["events_per_s"] / peer["events_per_s"], 1)
            print(json.dumps({"plain_faust_events_per_s": peer["events_per_s"], "times": ratio, "ok": peer.get("ok")}))
    if "restore" in (given.figure or ["restore"]):
        print(json.dumps(asyncio.run(restore.measure(given.broker))), flush=True)
    if "rebalance" in (given.figure or ["rebalance"]):
        asyncio.run(_rebalance(given.broker, given.rate))
    if "answers" in (given.figure or ["answers"]):
        asyncio.run(_answers(given.rows))
    if "page" in (given.figure or ["page"]):
        for figure in page.measure():
            print(json.dumps(figure), flush=True)


async def _rebalance(broker: str, rate: float) -> None:
    async for found in rebalance.measure(broker, rate):
        print(json.dumps(found), flush=True)


async def _answers(rows: int) -> None:
    async for found in answers.measure(rows):
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
