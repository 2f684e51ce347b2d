import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from app.engine.assignor import Plan, Seat
from app.engine.breaker import Breaker
from app.engine.group import INVENTORY
from app.engine.kip447 import TransactionalProducer
from app.engine.ledgers import PRODUCER_OPTIONS, TransactionalLedger
from app.engine.restore import Restore
from app.engine.store_failure import StoreDamaged
from app.engine.task import Task, TaskId
from app.engine.tasks import Tasks
from tests.app.engine.membership import member, membership
from tests.app.engine.opened import SOURCE, TABLES, movement, on_disk, put_stock, unit
from tests.app.engine.visible import Topics
from tests.broker.harness import Harness

pytestmark = pytest.mark.broker

ID = TaskId("inventory", 5)
OWN_RECORDS = "stayshelf-reservations"


async def nothing(*_: Any) -> None:
    """What Faust does here is not looked at."""


class Desk:
    """The app and the engine as a restore knows them: real tasks and clients, and an assignment of the test's own."""

    def __init__(self, address: str, directory: Path, writer: str) -> None:
        self.address = address
        self.started: list[dict[TP, int]] = []
        self.tasks = Tasks(directory, lambda: TABLES)
        self.tasks.writer = writer
        self.ledger = TransactionalLedger(lambda: self.transactional_producer(writer), "stayshelf")
        self.rejoined = 0
        self.consumer = SimpleNamespace(
            start_at=self.start_at,
            resume_flow=lambda: None,
            rejoin=self.rejoin,
            pause_partitions=lambda tps: None,
        )
        self.breaker = Breaker()
        self.observer = SimpleNamespace(store_set_aside=lambda group: None, halted=lambda partitions: None)
        self.tables = SimpleNamespace(on_actives_ready=lambda: None, on_standbys_ready=lambda: None)
        self.on_rebalance_complete = SimpleNamespace(send=nothing)
        self.flow_control = SimpleNamespace(resume=lambda: None, is_active=lambda: False)
        self._fetcher = SimpleNamespace(maybe_start=nothing)

    @property
    def committer(self) -> "Desk":
        return self

    async def outcome(self, _tasks: Any) -> None:
        """No commit is ever under way here meanwhile."""

    def settled(self) -> None:
        """The engine takes note of the end of a move."""

    @property
    def engine(self) -> "Desk":
        return self

    def client_options(self) -> dict[str, Any]:
        return {"bootstrap_servers": self.address}

    def transactional_producer(self, id: str) -> TransactionalProducer:
        return TransactionalProducer(
            **self.client_options(), **PRODUCER_OPTIONS, transactional_id=id, transaction_timeout_ms=60_000
        )

    async def rejoin(self) -> None:
        self.rejoined += 1

    async def start_at(self, offsets: dict[TP, int]) -> None:
        self.started.append(offsets)

    async def commit(self, task: Task, *ids: str) -> None:
        """One unit, committed to Kafka and then to disk."""
        put_stock(unit(task, task.reached(SOURCE).next_offset, [movement(id) for id in ids]))
        for id, offset in (await self.ledger.commit([(task, task.take_pending())])).items():
            assert id == task.id
            task.write_committed(offset)


@pytest.fixture
async def address(kafka: str, tmp_path: Path) -> AsyncIterator[str]:
    async with Harness(kafka, tmp_path / "harness"):
        yield kafka


@pytest.fixture
async def desk_of(address: str, tmp_path: Path) -> AsyncIterator[Callable[[str], Desk]]:
    desks: list[Desk] = []

    async with member(address, Topics(SOURCE, INVENTORY.changelog, "", "stayshelf")) as consumer:

        def make(writer: str) -> Desk:
            desks.append(Desk(address, tmp_path / writer, writer))
            desks[-1].ledger.membership = membership(consumer)
            return desks[-1]

        yield make
        for desk in desks:
            await desk.ledger.close()
            desk.tasks.close_all()


def active(desk: Desk) -> Task:
    task = desk.tasks.open(ID)
    task.promote()
    return task


async def assign(restore: Restore, *, active: bool, warming: bool = False) -> None:
    ids: tuple[frozenset[TaskId], frozenset[TaskId]] = frozenset({ID}), frozenset()
    owned, followed = ids if active else reversed(ids)
    seat = Seat("http://a", restore.engine.tasks.writer, owned, followed, followed if warming else frozenset())
    restore.moved(Plan([seat], 0))
    await restore.on_rebalance(set(), set(), set())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):  # below every transaction's timeout
        while not condition():  # noqa: ASYNC110 - a condition, not an event
            await asyncio.sleep(0.02)


def is_active(desk: Desk) -> bool:
    task = desk.tasks.get(*ID)
    return task is not None and task.ready and task.role == "active"


async def test_a_copy_is_restored_and_then_read_from_its_position(desk_of: Callable[[str], Desk]) -> None:
    writer, reader = desk_of("writer"), desk_of("reader")
    task = active(writer)
    await writer.commit(task, "e0", "e1", "e0")
    await writer.commit(task, "e3")
    async with Restore(reader, None) as restore:
        await assign(restore, active=True)
        await until(restore.completed.is_set)
        assert is_active(reader)
        copy = reader.tasks.get(*ID)
        assert copy is not None
        assert on_disk(copy) == on_disk(task)
        assert reader.started == [{TP(SOURCE, 5): 4, TP(OWN_RECORDS, 5): 0}]
        assert restore.remaining(copy) <= 1  # the marker of the last commit is no record


async def test_a_standby_follows_and_takes_over(desk_of: Callable[[str], Desk]) -> None:
    writer, reader = desk_of("writer"), desk_of("reader")
    task = active(writer)
    await writer.commit(task, "e0")
    async with Restore(reader, None) as restore:
        await assign(restore, active=False)
        await until(restore.completed.is_set)
        await until(lambda: reader.tasks.held()[0].positions == {SOURCE: 1})
        await writer.commit(task, "e1")
        await until(lambda: reader.tasks.held()[0].positions == {SOURCE: 2})
        assert (reader.tasks.held()[0].role, reader.started) == ("standby", [])
        await assign(restore, active=True)
        await until(lambda: is_active(reader))
        assert reader.started == [{TP(SOURCE, 5): 2, TP(OWN_RECORDS, 5): 0}]


async def test_what_a_dead_owner_left_open_is_ended_and_never_seen(desk_of: Callable[[str], Desk]) -> None:
    writer, reader = desk_of("writer"), desk_of("reader")
    await writer.commit(active(writer), "e0")
    stranger = writer.transactional_producer("writer")
    await stranger.start()
    await stranger.begin_transaction()
    await stranger.send_and_wait(INVENTORY.changelog, b"row", key=b"sX\0\0Y", partition=ID.partition)
    await stranger.client.close()
    async with Restore(reader, None) as restore:
        await assign(restore, active=True)
        await until(lambda: is_active(reader))
        copy = reader.tasks.held()[0]
        assert (copy.positions, copy.store.get(b"sX\0\0Y")) == ({SOURCE: 1}, None)
    await stranger.stop()


async def test_a_copy_from_another_life_of_the_changelog_is_rebuilt(desk_of: Callable[[str], Desk]) -> None:
    writer, reader = desk_of("writer"), desk_of("reader")
    await writer.commit(active(writer), "e0")
    old = reader.tasks.open(ID)
    old.store.write([(b"sX\0\0Y", b"row")], 1_000, {}, tallies={})
    async with Restore(reader, None) as restore:
        await assign(restore, active=True)
        await until(lambda: is_active(reader))
        assert old.store.get(b"sX\0\0Y") is None
        assert old.positions == {SOURCE: 1}


async def test_a_copy_that_turns_out_damaged_is_restored_while_it_is_active(desk_of: Callable[[str], Desk]) -> None:
    writer, reader = desk_of("writer"), desk_of("reader")
    task = active(writer)
    await writer.commit(task, "e0")
    async with Restore(reader, None) as restore:
        await assign(restore, active=True)
        await until(lambda: is_active(reader))
        copy = reader.tasks.held()[0]
        await reader.commit(copy, "e1")
        damaged = copy.store
        damaged.failed(StoreDamaged("for a test"))
        await until(lambda: copy.store is not damaged and is_active(reader))
        assert copy.positions == {SOURCE: 2}
        assert reader.started == [{TP(SOURCE, 5): n, TP(OWN_RECORDS, 5): 0} for n in (1, 2)]
        await reader.commit(copy, "e2")
        assert copy.positions == {SOURCE: 3}


async def test_a_standby_that_turns_out_damaged_follows_again(desk_of: Callable[[str], Desk]) -> None:
    writer, reader = desk_of("writer"), desk_of("reader")
    task = active(writer)
    await writer.commit(task, "e0")
    async with Restore(reader, None) as restore:
        await assign(restore, active=False)
        await until(lambda: all(copy.ready for copy in reader.tasks.held()) and restore.completed.is_set())
        copy = reader.tasks.held()[0]
        damaged = copy.store
        damaged.failed(StoreDamaged("for a test"))
        await until(lambda: copy.store is not damaged and copy.ready)
        await writer.commit(task, "e1")
        await until(lambda: on_disk(copy) == on_disk(task))


async def test_nothing_starts_while_partitions_are_about_to_move(desk_of: Callable[[str], Desk]) -> None:
    reader = desk_of("reader")
    async with Restore(reader, None) as restore:
        await assign(restore, active=True)
        restore.hold()
        await until(lambda: not restore._assigned.is_set())
        assert (reader.started, restore.completed.is_set()) == ([], False)
        await assign(restore, active=True)
        await until(lambda: is_active(reader))


async def test_a_start_that_was_under_way_when_its_partition_moved_comes_to_nothing(
    desk_of: Callable[[str], Desk],
) -> None:
    reader = desk_of("reader")
    async with Restore(reader, None) as restore:
        await assign(restore, active=True)
        await until(lambda: is_active(reader))
        task = reader.tasks.held()[0]
        task.reset()
        restore.again()
        # Streams know of the assignment a moment later than the engine does: nothing may start in between.
        restore.moved(Plan([Seat("http://a", "reader", frozenset(), frozenset({ID}))], 0))
        await until(lambda: task.ready)
        assert (task.role, len(reader.started)) == ("standby", 1)


async def test_a_warm_copy_is_told_to_the_group_once(desk_of: Callable[[str], Desk]) -> None:
    writer, reader = desk_of("writer"), desk_of("reader")
    await writer.commit(active(writer), "e0")
    async with Restore(reader, None) as restore:
        await assign(restore, active=False, warming=True)
        await until(lambda: reader.rejoined > 0)
        copy = reader.tasks.held()[0]
        assert (copy.ready, copy.positions, restore.warming.done_once, reader.rejoined) == (True, {SOURCE: 1}, True, 1)


async def test_copies_that_moved_away_are_closed(desk_of: Callable[[str], Desk]) -> None:
    reader = desk_of("reader")
    gone = reader.tasks.open(TaskId("payments", 1))
    async with Restore(reader, None) as restore:
        await assign(restore, active=True)
        await until(lambda: is_active(reader))
        await until(lambda: not gone.is_open)
        assert [task.id for task in reader.tasks.held()] == [ID]
