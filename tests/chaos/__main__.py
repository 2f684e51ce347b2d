"""`make chaos`: every scenario on real brokers and processes, a table of what was done and seen, and chaos.json."""

import argparse
import asyncio
import json
import logging
import shutil
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from tests.chaos.cluster import Cluster
from tests.chaos.report import Outcome, as_json, outcome, table, totals, unfinished
from tests.chaos.scenarios import FULL, WORKERS, Scenario
from tests.chaos.settling import settle
from tests.chaos.stage import Stage

BROKERS = 3
RATE = 5_500.0
RATE_MIN = 5_000.0
#: What a full run must have seen.
WANTED = {"workerKills": 200, "rebalances": 50, "zombies": 10, "brokerKills": 10, "damagedDirectories": 20}
SHOWN = 20

console = Console(width=160)


async def play(cluster: Cluster, scenario: Scenario, directory: Path, *, seed: int, rate: float) -> Outcome:
    """One scenario from empty topics to the comparison at its end."""
    began = time.monotonic()
    async with Stage(cluster, directory, seed=seed, rate=rate) as stage:
        await scenario.play(stage)
        console.print(
            f"{scenario.name}: {len(stage.journal.faults)} faults in {time.monotonic() - began:.0f} s; comparing"
        )
        settled = await settle(stage)
        found = outcome(scenario.name, time.monotonic() - began, stage.journal, await stage.group_log(), settled)
    events = f"{settled.records} events at {found.rate:.0f} a second"
    console.print(f"{scenario.name}: {events}, {len(settled.differences)} differences, {found.seconds:.0f} s in all")
    for line in settled.differences[:SHOWN]:
        console.print(line[:2_000], markup=False)
    return found


async def run(arguments: argparse.Namespace, directory: Path) -> int:
    """All scenarios that were asked for; the exit status."""
    chosen = [each for each in FULL if any(part in each.name for part in arguments.only)]
    console.print(f"seed {arguments.seed}; logs and data in {directory}")
    cluster, outcomes = Cluster(BROKERS, WORKERS), []
    try:
        await cluster.start()
        for number, scenario in enumerate(chosen):
            seed = arguments.seed * 1_000 + number
            outcomes.append(await played(cluster, scenario, directory / str(number), seed=seed, rate=arguments.rate))
            arguments.json.write_text(json.dumps(as_json(arguments.seed, outcomes), indent=2) + "\n")
    finally:
        cluster.close()
    console.print(table(outcomes))
    console.print(totals(outcomes))
    missed = too_few(outcomes, arguments.rate, is_full=len(chosen) == len(FULL))
    for line in missed:
        console.print(f"too few: {line}")
    return 1 if missed or totals(outcomes)["differences"] else 0


async def played(cluster: Cluster, scenario: Scenario, directory: Path, *, seed: int, rate: float) -> Outcome:
    """The same, also of a scenario that came to no end: the others are played nevertheless."""
    began = time.monotonic()
    try:
        return await play(cluster, scenario, directory, seed=seed, rate=rate)
    except Exception as error:
        console.print_exception()
        return unfinished(scenario.name, time.monotonic() - began, error)


def too_few(outcomes: list[Outcome], rate: float, *, is_full: bool) -> list[str]:
    """What there was not enough of: events in a scenario, and faults in a full run."""
    slow = [each for each in outcomes if each.rate < min(RATE_MIN, rate * 0.9)]
    found = [f"{each.scenario}: {each.rate:.0f} events a second" for each in slow]
    if is_full:
        seen = totals(outcomes)
        found += [f"{name}: {seen[name]} of {least}" for name, least in WANTED.items() if seen[name] < least]
    return found


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    parser.add_argument("--only", nargs="+", default=[""], help="scenarios whose name holds one of these")
    parser.add_argument("--rate", type=float, default=RATE, help="events a second")
    parser.add_argument("--json", type=Path, default=Path("chaos.json"))
    parser.add_argument("--keep", action="store_true", help="keep logs and data of a run without a difference")
    arguments = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    directory = Path(tempfile.mkdtemp(prefix="stayshelf-chaos-"))
    status = asyncio.run(run(arguments, directory))
    if not status and not arguments.keep:
        shutil.rmtree(directory)
    sys.exit(status)


if __name__ == "__main__":
    main()
