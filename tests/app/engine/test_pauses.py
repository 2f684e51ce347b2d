import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import time
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from faust.types import TP

from app.engine import pauses as module
from app.engine.pauses import Pauses
from app.engine.slim_records import Fetched

RETRY = TP("payment-events-retry-1", 3)
OTHER = TP("payment-events", 3)


class Record(NamedTuple):
    offset: int
    timestamp: int


class Consumer:
    """The consumer as pauses know it."""

    def __init__(self) -> None:
        self.flow_active = True
        self.task = SimpleNamespace(role="active", ready=True)
        self.engine = SimpleNamespace(tasks=SimpleNamespace(get=lambda group, partition: self.task))
        self.paused: list[TP] = []
        self.started: list[dict[TP, int]] = []
        self.went_on = asyncio.Event()

    def pause_partitions(self, tps: set[TP]) -> None:
        self.paused += tps

    async def start_at(self, offsets: dict[TP, int]) -> None:
        self.started.append(offsets)
        self.went_on.set()


@asynccontextmanager
async def running(pauses: Pauses) -> AsyncIterator[None]:
    task = asyncio.create_task(pauses.end_each())
    try:
        async with asyncio.timeout(10):
            yield
    finally:
        task.cancel()


async def until(condition: Any) -> None:
    while not condition():  # noqa: ASYNC110 - a condition, not an event
        await asyncio.sleep(0)


async def test_a_pause_ends_by_itself_and_others_before_it() -> None:
    consumer = Consumer()
    pauses = Pauses(consumer)
    async with running(pauses):
        pauses.hold(OTHER, 7, 3600)
        await asyncio.sleep(0)
        pauses.hold(RETRY, 5, 0.01)
        await consumer.went_on.wait()
    assert consumer.started == [{RETRY: 5}]
    assert consumer.paused == [OTHER, RETRY]


async def test_a_partition_that_is_read_from_elsewhere_is_forgotten() -> None:
    consumer = Consumer()
    pauses = Pauses(consumer)
    pauses.hold(RETRY, 5, 0.001)
    pauses.drop(RETRY)
    pauses.drop(RETRY)
    pauses.hold(OTHER, 7, 0.01)
    async with running(pauses):
        await consumer.went_on.wait()
    assert consumer.started == [{OTHER: 7}]


@pytest.mark.parametrize("moved", ["flow", "gone", "standby", "restoring"])
async def test_a_partition_that_moves_is_left_to_who_starts_it(moved: str) -> None:
    consumer = Consumer()
    pauses = Pauses(consumer)
    if moved == "flow":
        consumer.flow_active = False
    elif moved == "gone":
        consumer.task = None  # type: ignore[assignment]
    else:
        consumer.task = SimpleNamespace(role="active" if moved == "restoring" else "standby", ready=moved == "standby")
    pauses.hold(RETRY, 5, 0)
    async with running(pauses):
        await until(lambda: not pauses._held)
    assert consumer.started == []


def fetched(*timestamps: int, start: int = 10) -> Fetched:
    records = [Record(start + 1 + n, timestamp) for n, timestamp in enumerate(timestamps)]
    return Fetched(start, start + len(records) + 1, records)


def test_what_is_due_passes_whole() -> None:
    consumer = Consumer()
    old = fetched(0, 1)
    assert Pauses(consumer).due_part(RETRY, old) is old
    assert Pauses(consumer).due_part(RETRY, Fetched(4, 6, [])) == Fetched(4, 6, [])
    assert consumer.paused == []


async def test_what_is_not_due_is_read_again_when_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer, now = Consumer(), int(time() * 1000)
    monkeypatch.setattr(module, "_PAUSE_S_MIN", 0)
    pauses = Pauses(consumer)
    found = fetched(0, now - 900, now + 50_000)
    part = pauses.due_part(RETRY, found)
    assert part == Fetched(10, 12, found.records[:1])
    assert pauses._held[RETRY].offset == 12
    async with running(pauses):
        await consumer.went_on.wait()
    assert consumer.started == [{RETRY: 12}]


async def test_a_record_from_a_clock_far_ahead_waits_its_time_once() -> None:
    consumer, now = Consumer(), int(time() * 1000)
    pauses = Pauses(consumer)
    found = fetched(now + 3_600_000, now + 3_600_000, now + 3_600_001)
    assert pauses.due_part(RETRY, found).records == []
    pauses.hold(RETRY, found.records[0].offset, 0)
    async with running(pauses):
        await consumer.went_on.wait()
    assert pauses.due_part(RETRY, found._replace(start=11)) == Fetched(11, 13, found.records[:2])
    # Only for what has waited: the same records, read by a worker that has just started, wait.
    assert Pauses(consumer).due_part(RETRY, found).records == []


async def test_only_pauses_of_partitions_that_stay_go_on() -> None:
    consumer = Consumer()
    pauses = Pauses(consumer)
    pauses.hold(OTHER, 7, 0.0)
    pauses.hold(RETRY, 9, 0.0)
    assert pauses.keep({OTHER}) == {OTHER}
    async with running(pauses):
        await until(lambda: consumer.started)
        assert pauses.keep({OTHER, RETRY}) == set()
    assert consumer.started == [{OTHER: 7}]
