"""Records that end the process: each is a dead letter after three deaths, and everything around it counts."""

import asyncio
import json
import signal
import time
from pathlib import Path

import aiohttp
import pytest

from app.domain.poison import KILLS_WORKER
from app.engine.breaker import DEATHS
from app.simulator.outgoing import Outgoing
from tests.broker.harness import Harness
from tests.broker.kafka_log import Progress, dead_letters
from tests.broker.workers import Worker

pytestmark = [pytest.mark.broker, pytest.mark.scenario]

SEGFAULT, OUT_OF_MEMORY = "ends in a segmentation fault", "is killed for its memory"  # as tests.broker.killer has them


def receipt(store: str, number: int, source: str | None = None) -> Outgoing:
    event = {
        "eventId": f"{store}-{number}",
        "locationType": "STORE",
        "locationId": store,
        "itemId": "item",
        "eventType": "RECEIPT",
        "quantity": 1,
        "occurredAt": int(time.time() * 1000),
        "source": source,
    }
    return Outgoing("inventory-events", store.encode(), json.dumps(event).encode())


async def lived_until_applied(worker: Worker, bootstrap: str) -> int | None:
    """The exit status of a worker that died, or None where it has applied everything."""
    async with Progress(bootstrap) as progress:
        while worker.running:
            if not await progress.lag():
                return None
            await asyncio.sleep(0.1)
    return worker.status


async def test_what_kills_the_worker_is_buried_after_three_deaths(harness: Harness, tmp_path: Path) -> None:
    stores = ("north", "south")
    records = [receipt(store, n) for n in range(150) for store in stores]
    records[100] = receipt(stores[0], 50, SEGFAULT)
    records[201] = receipt(stores[1], 100, OUT_OF_MEMORY)
    await harness.send(records)
    worker = Worker(tmp_path / "worker", harness.bootstrap)
    worker.application = "tests.broker.killer"
    harness.workers.append(worker)
    ends = []
    async with asyncio.timeout(150):
        while (status := await lived_until_applied(worker.start(), harness.bootstrap)) is not None:
            ends.append(status)
    assert sorted(ends) == sorted([-signal.SIGSEGV] * DEATHS + [-signal.SIGKILL] * DEATHS)
    letters = [(letter.key, dict(letter.headers)) for letter in await dead_letters(harness.bootstrap)]
    assert sorted((key, said["dlt-reason"], said["dlt-attempts"]) for key, said in letters) == [
        (store.encode(), KILLS_WORKER, str(DEATHS)) for store in stores
    ]
    async with aiohttp.ClientSession() as session:
        for store in stores:
            async with session.get(f"{worker.url}/v1/stores/{store}/stock/item") as answer:
                assert (await answer.json())["onHand"] == 149
