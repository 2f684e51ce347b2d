import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP

from app.application import app
from app.engine.breaker import Breaker
from app.engine.decode.registry import RegistryUnavailable, SlowRecord
from app.engine.intake import Intake
from app.engine.stops import REFUSED, Stops
from app.engine.task import Task, TaskId
from app.engine.tasks import Tasks
from app.engine.transport import Consumer, Fetched
from tests.app.engine.opened import SOURCE, TABLES, Record, movement, put_stock, unit

HERE = TP(SOURCE, 2)


class Engine:
    """The engine as the consumer knows it; there is always room, and everything decodes to a movement."""

    def __init__(self, directory: Path) -> None:
        self.tasks = Tasks(directory, lambda: TABLES)
        self.intake = Intake({SOURCE: self}, Breaker())  # type: ignore[dict-item]
        self.committer = self
        self.stops = Stops(logging.getLogger(__name__))
        self.missing: int | None = None
        self.slow: set[int] = set()
        self.waited_for: list[TaskId] = []

    def decode(self, records: list[Record]) -> list[Any]:
        for at, record in enumerate(records):
            if record.offset == self.missing:
                raise RegistryUnavailable(7, at)
            if record.offset in self.slow:
                raise SlowRecord(at, lambda offset=record.offset: self.slow.discard(offset))
        return [movement(f"e{record.offset}") for record in records]

    async def room_for(self, task: Task) -> None:
        self.waited_for.append(task.id)

    def finished(self) -> None:
        """Nothing is committed here."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(tmp_path)
    engine.tasks.open(TaskId("inventory", 2)).promote()
    yield engine
    engine.tasks.close_all()


@pytest.fixture
async def consumer(engine: Engine) -> Consumer:
    messages: list[Any] = []

    async def deliver(message: Any) -> None:
        messages.append(message)

    told = {"callback": deliver, "on_partitions_revoked": deliver, "on_partitions_assigned": deliver}
    consumer = Consumer(app.transport, **told, loop=asyncio.get_running_loop())
    consumer.engine, consumer.messages, consumer.flow_active = engine, messages, True
    return consumer


def task_of(engine: Engine) -> Task:
    task = engine.tasks.get("inventory", 2)
    assert task is not None
    return task


async def test_records_become_units_that_follow_each_other(consumer: Any, engine: Engine) -> None:
    records = [Record(offset) for offset in range(10, 2_510)]
    task_of(engine).sources[SOURCE] = task_of(engine).reached(SOURCE)._replace(next_offset=8)
    await consumer._deliver(HERE, Fetched(8, 2_520, records))
    reads = [message.value.read for message in consumer.messages]
    assert [(read.start, read.stop) for read in reads] == [(8, 1_010), (1_010, 2_010), (2_010, 2_520)]
    assert [message.offset for message in consumer.messages] == [1_009, 2_009, 2_519]
    assert {message.tp for message in consumer.messages} == {HERE}
    assert engine.waited_for == [("inventory", 2)] * 3
    for message in consumer.messages:
        put_stock(message.value)
    assert task_of(engine).reached(SOURCE).next_offset == 2_520


async def test_a_partition_waits_for_the_schema_of_its_next_record(
    consumer: Any, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[tuple[TP, int]] = []
    monkeypatch.setattr(consumer.pauses, "hold", lambda tp, offset, seconds: held.append((tp, offset)))
    records, engine.missing = [Record(offset) for offset in range(8)], 5
    for _ in range(2):
        await consumer._deliver(HERE, Fetched(0, 9, records))
    assert [(message.value.read.start, message.value.read.stop) for message in consumer.messages] == [(0, 5)] * 2
    assert held == [(HERE, 5)] * 2
    put_stock(consumer.messages[0].value)
    engine.missing = None
    await consumer._deliver(HERE, Fetched(5, 9, records[5:]))
    assert put_stock(consumer.messages[-1].value) == ["e5", "e6", "e7"]
    assert len(held) == 2
    assert not engine.stops._held


async def test_what_is_held_by_nobody_here_is_dropped(consumer: Any) -> None:
    await consumer._deliver(TP(SOURCE, 3), Fetched(0, 1, [Record(0)]))
    assert consumer.messages == []


async def test_nothing_more_is_delivered_once_the_flow_stops(consumer: Any) -> None:
    async def stop(message: Any) -> None:
        consumer.messages.append(message)
        consumer.flow_active = False

    consumer.callback = stop
    await consumer._deliver(HERE, Fetched(0, 3_000, [Record(offset) for offset in range(3_000)]))
    assert len(consumer.messages) == 1


async def test_gaps_are_read_again_from_where_the_state_is(consumer: Any, engine: Engine) -> None:
    sought: list[dict[TP, int]] = []

    async def start_at(offsets: dict[TP, int]) -> None:
        sought.append(offsets)

    consumer.start_at = start_at
    task = task_of(engine)
    put_stock(unit(task, 0, [movement("e0")]))
    put_stock(unit(task, 5, [movement("e5")]))
    await consumer._close_gaps()
    await consumer._close_gaps()
    assert sought == [{HERE: 1}]


async def test_offsets_are_nobody_s_business_but_the_committer_s(consumer: Any) -> None:
    assert consumer.ack(None)
    await consumer.perform_seek()


async def test_after_a_move_what_stayed_is_read_on_and_the_rest_is_left_alone(consumer: Any, engine: Engine) -> None:
    moved: list[Any] = []
    engine.moved = lambda *given, kept: moved.append((*given, kept))  # type: ignore[attr-defined]
    there, waiting = TP(SOURCE, 3), TP("stayshelf-reservations", 2)
    consumer._thread.membership, consumer._thread.kept = "as of now", True
    consumer.pauses.hold(waiting, 5, 60.0)
    consumer.pauses.hold(there, 5, 60.0)
    consumer._buffered_partitions = {there}
    for tp in (HERE, there, waiting):
        engine.stops.again(tp, REFUSED)
    told: list[Any] = []

    async def tell(*given: Any) -> None:
        told.append(given[0])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.topics, "on_partitions_assigned", tell)
        patch.setattr(app.tables, "on_rebalance", tell)
        await consumer.on_partitions_assigned({HERE, there, waiting}, 7)
    assert moved == [("as of now", app.assignor.plan, True)]
    assert told == [{HERE, there, waiting}] * 2
    assert consumer._active_partitions == {HERE}
    assert consumer._paused_partitions == {there, waiting}
    assert consumer._buffered_partitions == set()
    assert engine.stops.shown() == {(*tp, REFUSED.name): 1 for tp in (HERE, waiting)}
    assert consumer.pauses._held.keys() == {waiting}


async def test_nothing_started_is_waited_for_until_something_is(consumer: Any) -> None:
    consumer._active_partitions = set()
    waiting = asyncio.create_task(consumer._wait_next_records(5.0))
    await asyncio.sleep(0)
    consumer._begun.set()
    async with asyncio.timeout(1):
        assert await waiting == ({}, set())


async def test_slow_records_are_read_beside_and_the_others_follow(consumer: Any, engine: Engine) -> None:
    started: list[Any] = []
    consumer.add_future = started.append
    engine.slow = {3, 6}
    records = [Record(offset) for offset in range(8)]
    assert not await consumer._deliver(HERE, Fetched(0, 9, records))
    reads, held = [(0, 3), (3, 6), (6, 9)], [3, 6, 9]
    for n in range(3):
        assert [(message.value.read.start, message.value.read.stop) for message in consumer.messages] == reads[: n + 1]
        assert consumer.pauses._held[HERE].offset == held[n]
        while started:
            await started.pop(0)
            break
    assert not started


@pytest.mark.parametrize("when", ["while it is read", "while the rest is delivered"])
async def test_a_partition_that_moves_does_not_go_on_with_what_was_read_beside(
    consumer: Any, engine: Engine, when: str
) -> None:
    started: list[Any] = []
    consumer.add_future = started.append
    engine.slow = {3}
    await consumer._deliver(HERE, Fetched(0, 5, [Record(offset) for offset in range(5)]))

    def move() -> None:
        consumer.pauses.keep(set())

    async def deliver(message: Any) -> None:
        move()

    if when == "while it is read":
        move()
    else:
        consumer.callback = deliver
    await started.pop()
    assert len(consumer.messages) == 1
    assert not consumer.pauses._held
