"""The stock job: events a second of one worker, exactly once, and of plain Faust on the same topic in the same run."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from benchmarks import load
from benchmarks.worker import GROUP, Worker, drained

_AT_ONCE = 16


async def fresh_topics(broker: str, *, keep_source: bool = False) -> None:
    """Delete what an earlier run left, and make the source topic again."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        ours = [topic for topic in await admin.list_topics() if topic.startswith((GROUP, "inventory-events"))]
        gone = [topic for topic in ours if not (keep_source and topic == load.TOPIC)]
        if gone:
            await admin.delete_topics(gone)
        while set(gone) & set(await admin.list_topics()):  # noqa: ASYNC110 - the broker tells only who asks
            await asyncio.sleep(0.2)
        if not keep_source:
            await admin.create_topics([NewTopic(load.TOPIC, load.PARTITIONS, 1)])
    finally:
        await admin.close()


async def wrong_rows(port: int, rows: dict[tuple[str, str], tuple[int, int]]) -> int:
    """How many rows over HTTP are not what the events add up to."""
    wanted: dict[str, dict[str, tuple[int, int]]] = {}
    for (store, item), row in rows.items():
        wanted.setdefault(store, {})[item] = row
    turn = asyncio.Semaphore(_AT_ONCE)

    async def differing(client: aiohttp.ClientSession, store: str) -> int:
        async with turn, client.get(f"http://127.0.0.1:{port}/v1/stores/{store}/stock?limit=1000") as answer:
            found = {row["itemId"]: (row["onHand"], row["lastEventAt"]) for row in (await answer.json())["items"]}
        return sum(found.get(key) != wanted[store].get(key) for key in found.keys() | wanted[store].keys())

    async with aiohttp.ClientSession() as client:
        return sum(await asyncio.gather(*[differing(client, store) for store in wanted]))


async def measure(broker: str, count: int, distribution: str) -> dict[str, Any]:
    """One worker over a preloaded topic, on fresh state; every row is compared."""
    await fresh_topics(broker)
    rows = await load.publish(broker, load.events(count, distribution))
    with Worker(broker) as worker:
        await worker.until_ready()
        figures = await drained(worker, broker)
        wrong = await wrong_rows(worker.port, rows)
    return {
        "job": "stock, exactly once", "keys": distribution, "events": count, "rows": len(rows), "wrong_rows": wrong,
        "events_per_s": round(figures.events / figures.seconds),
        "cpu_us_per_event": round(figures.cpu / figures.events * 1e6, 2),
        "other_cpu_us_per_event": round(figures.other_cpu / figures.events * 1e6, 2), "peak_mb": round(figures.peak_mb),
    }  # fmt: skip


def plain_faust(peers: Path, broker: str) -> dict[str, Any]:
    """Plain Faust on the topic that is there now, with the peers' runner."""
    done = subprocess.run([peers / "run", "faust", "--broker", broker], capture_output=True, text=True, check=False)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
