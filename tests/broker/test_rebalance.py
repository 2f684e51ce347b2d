"""Workers that come and go under load: clients see no error, nothing that was shown is taken back, nothing is lost."""

import asyncio
from typing import Any

import aiohttp
import pytest

from benchmarks.asking import Askers
from benchmarks.traffic import questions, records
from tests.broker.harness import Harness
from tests.broker.workers import Worker

pytestmark = [pytest.mark.broker, pytest.mark.scenario]

RATE = 60.0
SECONDS_MAX = 300
STARTED_SECONDS = 180


async def active(worker: Worker) -> int:
    """How many partitions a worker owns and runs."""
    async with aiohttp.ClientSession() as client, client.get(f"{worker.url}/v1/topology") as answer:
        copies = (await answer.json())["worker"]["copies"]
    return sum(copy["role"] == "active" and copy["ready"] for copy in copies)


async def until_it_owns(worker: Worker) -> None:
    async with asyncio.timeout(STARTED_SECONDS):
        while not await active(worker):  # noqa: ASYNC110 - a condition, not an event
            await asyncio.sleep(0.1)


async def test_a_rolling_restart_is_seen_by_no_client_and_changes_nothing(harness: Harness) -> None:
    workers: list[Any] = await harness.start(3)
    for worker in workers:
        worker.in_service = True
    traffic = asyncio.create_task(harness.send(records(int(RATE * SECONDS_MAX), RATE)))
    try:
        askers = Askers(workers, questions())
        await askers.until_answered()
        await asyncio.gather(*map(until_it_owns, workers))
        askers.start()
        for worker in workers:
            worker.in_service = False
            assert await asyncio.to_thread(worker.stop) == 0
            worker.start()
            await worker.ready(STARTED_SECONDS)
            worker.in_service = True
            # It comes without recent state, so it owns partitions once its copies are warm, and not before.
            await until_it_owns(worker)
        await askers.stop()
    finally:
        traffic.cancel()
        await asyncio.gather(traffic, return_exceptions=True)
    seen = askers.next_phase()
    assert not seen.errors
    assert (seen.counts["backwards"], seen.counts["answers"] > 0, seen.counts["standby"] > 0) == (0, True, True)
    await harness.check()
