import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP

from app.engine import repair as module
from app.engine.repair import Repair
from app.engine.store_failure import DiskRefuses, StoreDamaged
from app.engine.task import Task, TaskId
from app.engine.tasks import Tasks
from tests.app.engine.opened import SOURCE, TABLES, commit, movement, put_stock, unit

ID = TaskId("inventory", 3)
FULL = Exception("IO error: No space left on device: While appending to file")


class Desk:
    """App, engine, consumer, observer and changelog reader in one."""

    def __init__(self, directory: Path) -> None:
        self.tasks = Tasks(directory, lambda: TABLES)
        self.paused: list[set[TP]] = []
        self.followed: list[tuple[TaskId, int]] = []
        self.told: list[Any] = []
        self.ended = asyncio.Event()
        self.ended.set()
        self.tasks.on_set_aside = self.store_set_aside

    @property
    def consumer(self) -> "Desk":
        return self

    @property
    def observer(self) -> "Desk":
        return self

    def pause_partitions(self, tps: set[TP]) -> None:
        self.paused.append(tps)

    def store_set_aside(self, group: str) -> None:
        self.told.append(group)

    def halted(self, partitions: int) -> None:
        self.told.append(partitions)

    @property
    def committer(self) -> "Desk":
        return self

    async def outcome(self, tasks: Iterable[Task]) -> None:
        await self.ended.wait()

    async def ends(self, tasks: Iterable[Task]) -> dict[TaskId, int]:
        assert self.ended.is_set()
        return {task.id: 77 for task in tasks}

    def follow_again(self, task: Task) -> None:
        self.followed.append((task.id, task.store.changelog_offset))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.tasks.close_all()


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the disk takes a file; asked again each time."""
    room = [True]
    monkeypatch.setattr(module, "_takes", lambda _directory, _size: room[0])
    monkeypatch.setattr(module, "RETRY_S", 0.0)
    return room


def active(desk: Desk, partition: int = 3) -> Task:
    task = desk.tasks.open(TaskId("inventory", partition))
    task.promote()
    put_stock(unit(task, 0, [movement("e0")]))
    commit(task)
    put_stock(unit(task, 1, [movement("e1")]))
    return task


async def test_a_damaged_store_is_made_anew_and_restored(desk: Any) -> None:
    repair, task, other = Repair(desk, desk), active(desk), active(desk, 4)
    task.store.changelog_id = b"id"
    task.store.failed(StoreDamaged("for a test"))
    assert await repair.mend(desk) == {ID: 77}
    assert (task.ready, task.role, task.positions, bool(task.pending)) == (False, "standby", {}, False)
    assert (task.store.changelog_offset, task.store.changelog_id) == (0, b"id")
    assert desk.paused == [{TP(SOURCE, 3), TP("stayshelf-reservations", 3)}]
    assert (desk.followed, desk.told) == ([(ID, 0)], ["inventory"])
    assert len(list(desk.tasks.directory.glob("inventory-3.damaged-*"))) == 1
    assert (other.ready, other.reached(SOURCE).next_offset) == (True, 2)
    assert await repair.mend(desk) == {}


async def test_the_changelog_s_end_counts_once_the_commit_under_way_has_ended(desk: Any) -> None:
    repair, task = Repair(desk, desk), active(desk)
    task.store.failed(StoreDamaged("for a test"))
    desk.ended.clear()
    mending = asyncio.ensure_future(repair.mend(desk))
    while task.store.failure is not None:  # noqa: ASYNC110 - a condition, not an event
        await asyncio.sleep(0)
    assert (mending.done(), desk.followed) == (False, [])
    desk.ended.set()
    assert await mending == {ID: 77}


async def test_a_full_disk_is_waited_for_and_nothing_is_thrown_away(desk: Any, room: list[bool]) -> None:
    repair, task = Repair(desk, desk), active(desk)
    reached = task.store.changelog_offset
    task.store.failed(FULL)
    room[0] = False
    for _ in range(2):
        assert await repair.mend(desk) == {}
        assert (task.ready, desk.followed, desk.told) == (False, [], [1])
    assert len(desk.paused) == 1
    room[0] = True
    assert await repair.mend(desk) == {ID: 77}
    assert (task.positions, desk.followed, desk.told) == ({SOURCE: 1}, [(ID, reached)], [1, 0])
    assert list(desk.tasks.directory.glob("*.damaged-*")) == []


async def test_a_task_that_can_t_be_opened_is_tried_again(
    desk: Any, room: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    repair = Repair(desk, desk)
    with monkeypatch.context() as patched:

        def refused(_id: TaskId) -> Task:
            raise DiskRefuses("no room")

        patched.setattr(desk.tasks, "open", refused)
        repair.open(ID)
    room[0] = False
    assert not repair.must_begin()
    assert (await repair.mend(desk), desk.told) == ({}, [1])
    room[0] = True
    # Once only: if it is a standby, or wanted elsewhere by now, it is not opened at once.
    assert repair.must_begin()
    assert not repair.must_begin()
    repair.open(ID)
    assert not repair.must_begin()
    assert desk.tasks.get(*ID) is not None


async def test_a_damaged_store_waits_where_no_other_can_be_made(
    desk: Any, room: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    repair, task = Repair(desk, desk), active(desk)
    task.store.failed(StoreDamaged("for a test"))
    with monkeypatch.context() as patched:

        def refused(_directory: Path) -> Any:
            raise DiskRefuses("no room")

        patched.setattr("app.engine.task.open_store", refused)
        assert await repair.mend(desk) == {}
    assert isinstance(task.store.failure, DiskRefuses)
    assert await repair.mend(desk) == {ID: 77}
    assert task.store.failure is None
    assert len(list(desk.tasks.directory.glob("*.damaged-*"))) == 1


@pytest.mark.parametrize(("end", "id", "stays"), [(100, b"new", True), (1, b"new", False), (100, b"old", False)])
def test_a_copy_of_another_life_of_the_changelog_is_set_aside(desk: Any, end: int, id: bytes, stays: bool) -> None:
    repair, task = Repair(desk, desk), desk.tasks.open(ID)
    task.store.changelog_id = id
    task.store.write([(b"sX\0\0Y", b"row")], 50, {}, tallies={})
    repair.check(task, end, b"new")
    assert (task.store.get(b"sX\0\0Y") is not None) is stays
    assert task.store.changelog_id == b"new"
    assert desk.told == ([] if stays else ["inventory"])


def test_a_copy_without_an_id_takes_the_changelog_s(desk: Any) -> None:
    repair, task = Repair(desk, desk), desk.tasks.open(ID)
    task.store.write([(b"sX\0\0Y", b"row")], 50, {}, tallies={})
    repair.check(task, 50, b"")
    assert task.store.changelog_id == b""
    repair.check(task, 50, b"new")
    assert (task.store.changelog_id, task.store.changelog_offset) == (b"new", 50)


def test_room_is_what_the_disk_really_takes(tmp_path: Path) -> None:
    assert module._takes(tmp_path, 1 << 20)
    assert not module._takes(tmp_path, 1 << 60)
    assert list(tmp_path.iterdir()) == []
