"""Lag gauges against kafka-consumer-groups.sh: under load, after a killed worker, and behind an open transaction."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer

from app.engine.group import GROUPS
from app.simulator.scenario import Scenario, Shares
from tests.broker.group_tool import Asked, At, Place, told
from tests.broker.harness import Harness
from tests.broker.scraped import series, total, until
from tests.broker.workers import Worker

pytestmark = [pytest.mark.broker, pytest.mark.scenario]

LAG = "kafka_consumer_lag"
HELD: Place = ("payment-events", "3")
HELD_BACK = 40
SOURCES = sum(group.partitions * len(group.sources) for group in GROUPS)
BURST = 1_500
INTERVAL_S = 3.0  # a look each second, and what it and the questions here take on a busy machine
PATIENCE_S = 60.0


@asynccontextmanager
async def load(harness: Harness) -> AsyncIterator[None]:
    """Bursts of events, one after the other, as long as the block runs."""
    done = asyncio.Event()

    async def feed() -> None:
        start = int(time.time() * 1000) - 60_000
        records = Scenario(5, start=start, rate=1_000, shares=Shares(0.02, 0, 0.01)).records(1_000_000)
        while not done.is_set():
            await harness.send(next(records)._replace(due=None) for _ in range(BURST))

    feeding = asyncio.create_task(feed())
    try:
        yield
        assert not feeding.done(), "the load ended before what was looked at under it"
    finally:
        done.set()
        await feeding


async def shown(workers: list[Worker]) -> dict[Place, float]:
    found = [each for worker in workers for each in await series(worker, LAG)]
    return {(at["topic"], at["partition"]): lag for at, lag in found}


def astray(gauges: dict[Place, float], before: dict[Place, At], after: dict[Place, At]) -> list[str]:
    """Gauges that were right at no moment between two answers: neither offset ever goes back."""
    return [
        f"{place}: {gauges.get(place)} shown, {at.end - after[place].committed}..{after[place].end - at.committed} said"
        for place, at in before.items()
        if place not in gauges
        or not at.end - after[place].committed <= gauges[place] <= after[place].end - at.committed
    ]


async def agree(kafka: Asked, workers: list[Worker]) -> dict[Place, float]:
    """The gauges, once they are what the tool's questions are answered within the same interval; events went on."""
    deadline = time.monotonic() + PATIENCE_S
    wrong = ["nothing was asked"]
    while time.monotonic() < deadline:
        before, began = await kafka.now(), time.monotonic()
        while time.monotonic() < began + INTERVAL_S:
            gauges, after = await shown(workers), await kafka.now()
            wrong = astray(gauges, before, after)
            moved = sum(
                after[place].end - at.end + after[place].committed - at.committed for place, at in before.items()
            )
            if not wrong and moved:
                return gauges
    raise AssertionError(f"within {PATIENCE_S:.0f} s no interval in which gauges were right: {wrong[:5]}")


@asynccontextmanager
async def open_transaction(bootstrap: str) -> AsyncIterator[None]:
    """A stranger's, with records in one partition; committed at the end."""
    stranger = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id="stranger")
    await stranger.start()
    await stranger.begin_transaction()
    for number in range(HELD_BACK):
        await stranger.send_and_wait(HELD[0], b"{}", b"p%d" % number, int(HELD[1]))
    yield
    await stranger.commit_transaction()
    await stranger.stop()


async def test_lag_is_what_kafka_s_own_tool_shows(harness: Harness) -> None:
    first, second = await harness.start(2)
    held = {"topic": HELD[0], "partition": HELD[1]}
    async with Asked(harness.bootstrap) as kafka, AsyncExitStack() as held_open:
        async with load(harness):
            gauges = await agree(kafka, [first, second])
            assert len(gauges) == SOURCES
            assert sum(gauges.values()) > 0
            await held_open.enter_async_context(open_transaction(harness.bootstrap))
            first.kill()
            gauges = await agree(kafka, [second])
            assert gauges[HELD] >= HELD_BACK
        await until(second, "stayshelf_stable_lag_records", lambda records: records == 0)
        await until(second, "stayshelf_stable_offset_age_seconds", lambda age: age > 1, **held)
        said = await told(harness.bootstrap)
        gauges = await shown([second])
        assert len(gauges) == SOURCES
        assert {place: gauges[place] for place in said} == said
        assert await total(second, "kafka_consumer_lag_max") == said[HELD] >= HELD_BACK
        dead = await total(second, "stayshelf_dead_letters_total", topic=HELD[0])
    await until(second, "kafka_consumer_lag_max", lambda lag: lag == 0)
    await until(second, "stayshelf_stable_offset_age_seconds", lambda age: age == 0)
    assert await total(second, "stayshelf_dead_letters_total", topic=HELD[0]) >= dead + HELD_BACK
    assert set((await told(harness.bootstrap)).values()) == {0}
