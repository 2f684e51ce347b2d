import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.engine.committer import CommitFailed, Committer, GroupMoved, SendRefused
from app.engine.pending import PENDING_BYTES_MAX, Pending
from app.engine.task import Task, TaskId
from tests.app.engine.opened import SOURCE, movement, opened, put_stock, unit

Taken = list[tuple[Task, Pending]]


class Desk:
    """The engine and the ledger as the committer knows them; a commit waits while the ledger is shut."""

    def __init__(self, tasks: list[Task]) -> None:
        self._tasks = tasks
        self.open = asyncio.Event()
        self.open.set()
        self.error: CommitFailed | GroupMoved | None = None
        self.commits: list[list[TaskId]] = []
        self.events: list[str] = []

    @property
    def tasks(self) -> "Desk":
        return self

    def held(self) -> list[Task]:
        return self._tasks

    async def commit(self, taken: list[tuple[Task, Pending]]) -> dict[TaskId, int]:
        self.commits.append([task.id for task, _ in taken])
        await self.open.wait()
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return {task.id: 100 + len(self.commits) for task, _ in taken}

    async def renew(self) -> None:
        self.events.append("renew")

    def reset(self, tasks: list[Task]) -> None:
        self.events.append(f"reset {len(tasks)}")
        for task in tasks:
            task.reset()

    def restore_again(self) -> None:
        self.events.append("again")

    @property
    def refusals(self) -> "Desk":
        return self

    def without(self, error: CommitFailed, taken: Taken) -> Taken:
        places = error.places if isinstance(error, SendRefused) else set()
        return [(task, pending) for task, pending in taken if (task.changelog, task.partition) not in places]

    def came_true(self, taken: Taken) -> None:
        """Nothing was refused before."""

    @property
    def observer(self) -> "Desk":
        return self

    def send_failed(self, records: int) -> None:
        self.events.append(f"failed {records > 0}")

    def report(self, done: list[Pending], _seconds: float) -> None:
        self.events.append(f"report {sum(pending.counts.consumed[SOURCE] for pending in done)}")


@pytest.fixture
def tasks(tmp_path: Path) -> Iterator[list[Task]]:
    tasks = [opened(tmp_path / str(n), partition=n) for n in range(3)]
    yield tasks
    for task in tasks:
        task.close()


def feed(task: Task) -> None:
    start = task.reached(SOURCE).next_offset
    put_stock(unit(task, start, [movement(f"e{start}")]))


def committer(desk: Any) -> Committer:
    return Committer(desk, desk, interval_s=0.001)


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - a condition, not an event
            await asyncio.sleep(0)


async def test_one_commit_takes_what_every_task_has(tasks: list[Task]) -> None:
    desk = Desk(tasks)
    feed(tasks[0])
    feed(tasks[2])
    await committer(desk).commit()
    assert desk.commits == [[tasks[0].id, tasks[2].id]]
    assert [task.positions for task in tasks] == [{SOURCE: 1}, {}, {SOURCE: 1}]
    assert [task.store.changelog_offset for task in tasks] == [101, 0, 101]
    assert desk.events == ["report 2"]
    await committer(desk).commit()
    assert len(desk.commits) == 1


async def test_what_is_refused_is_left_out_and_the_rest_comes_true(tasks: list[Task]) -> None:
    desk = Desk(tasks)
    desk.error = SendRefused("MessageSizeTooLargeError", {(tasks[1].changelog, 1), (tasks[1].changelog, 9)})
    for task in tasks:
        feed(task)
    await committer(desk).commit()
    assert desk.commits == [[task.id for task in tasks], [tasks[0].id, tasks[2].id]]
    assert [task.positions for task in tasks] == [{SOURCE: 1}, {}, {SOURCE: 1}]
    assert desk.events == ["renew", "report 2"]


async def test_nothing_is_committed_where_all_of_it_is_refused(tasks: list[Task]) -> None:
    desk = Desk(tasks)
    desk.error = SendRefused("MessageSizeTooLargeError", {(tasks[1].changelog, 1)})
    feed(tasks[1])
    await committer(desk).commit()
    assert len(desk.commits) == 1
    assert desk.events == ["renew"]


async def test_a_refusal_that_concerns_nobody_is_a_failed_commit(tasks: list[Task]) -> None:
    desk = Desk(tasks)
    desk.error = SendRefused("TopicAuthorizationFailedError", set())
    feed(tasks[1])
    await committer(desk).commit()
    assert len(desk.commits) == 1
    assert desk.events == ["renew", "failed True", "reset 1", "again"]


async def test_a_failed_commit_resets_its_tasks_and_starts_over(tasks: list[Task]) -> None:
    desk = Desk(tasks)
    desk.error = CommitFailed("IllegalGenerationError")
    feed(tasks[1])
    await committer(desk).commit()
    assert desk.events == ["renew", "failed True", "reset 1", "again"]
    assert (tasks[1].ready, tasks[1].positions, tasks[0].ready) == (False, {}, True)


async def test_a_task_that_was_reset_meanwhile_is_not_written(tasks: list[Task]) -> None:
    desk = Desk(tasks)
    desk.open.clear()
    feed(tasks[0])
    feed(tasks[1])
    committing = asyncio.create_task(committer(desk).commit())
    await until(lambda: desk.commits)
    tasks[0].reset()
    desk.open.set()
    await committing
    assert [task.positions for task in tasks[:2]] == [{}, {SOURCE: 1}]


async def test_a_drain_that_takes_too_long_gives_up_what_is_left(tasks: list[Task]) -> None:
    desk = Desk(tasks)
    desk.open.clear()
    feed(tasks[0])
    await committer(desk).drain(0.01)
    assert desk.events == ["reset 1", "renew"]
    assert not tasks[0].pending


async def test_what_the_group_moved_under_is_tried_again_by_who_still_owns_it(tasks: list[Task]) -> None:
    desk, service = Desk(tasks), None
    service = committer(desk)
    desk.error = GroupMoved()
    feed(tasks[0])
    feed(tasks[1])
    committing = asyncio.create_task(service.commit())
    await until(lambda: desk.commits)
    feed(tasks[0])
    tasks[1].demote()
    desk.error = None
    service.go_on()
    await committing
    assert desk.commits == [[tasks[0].id, tasks[1].id], [tasks[0].id]]
    assert [task.positions for task in tasks[:2]] == [{SOURCE: 1}, {}]
    assert desk.events == ["report 1"]
    await service.commit()
    assert tasks[0].positions == {SOURCE: 2}


async def test_an_assignment_that_came_during_the_commit_is_not_waited_for(tasks: list[Task]) -> None:
    desk = Desk(tasks)
    service = committer(desk)
    desk.error = GroupMoved()
    desk.open.clear()
    feed(tasks[0])
    committing = asyncio.create_task(service.commit())
    await until(lambda: desk.commits)
    service.go_on()
    desk.open.set()
    await until(lambda: len(desk.commits) > 1)
    desk.error = None
    service.go_on()
    async with asyncio.timeout(5):
        await committing
    assert tasks[0].positions == {SOURCE: 1}


async def test_what_is_held_is_committed_before_and_not_until_the_group_goes_on(tasks: list[Task]) -> None:
    desk = Desk(tasks)
    service = committer(desk)
    feed(tasks[0])
    await service.hold(5)
    feed(tasks[0])
    committing = asyncio.create_task(service.commit())
    for _ in range(3):
        await asyncio.sleep(0)
    assert (len(desk.commits), tasks[0].positions) == (1, {SOURCE: 1})
    service.go_on()
    await committing
    assert tasks[0].positions == {SOURCE: 2}


async def test_there_is_room_again_after_a_commit(tasks: list[Task]) -> None:
    desk = Desk(tasks)
    service = committer(desk)
    await service.room_for(tasks[0])
    feed(tasks[0])
    tasks[0].pending.bytes = PENDING_BYTES_MAX + 1
    waiting = asyncio.create_task(service.room_for(tasks[0]))
    await asyncio.sleep(0)
    assert not waiting.done()
    await service.commit()
    async with asyncio.timeout(5):
        await waiting


async def test_finished_units_are_committed_without_being_asked(tasks: list[Task]) -> None:
    desk = Desk(tasks)
    async with committer(desk) as service:
        for expected in (1, 2):
            feed(tasks[0])
            service.finished()
            await until(lambda expected=expected: tasks[0].positions == {SOURCE: expected})


async def test_who_was_reset_during_a_commit_can_wait_for_its_outcome(tasks: list[Task]) -> None:
    desk = Desk(tasks)
    feed(tasks[0])
    feed(tasks[1])
    desk.open.clear()
    committing = committer(desk)
    commit = asyncio.ensure_future(committing.commit())
    await until(lambda: desk.commits)
    waiting = asyncio.ensure_future(committing.outcome(tasks))
    await committing.outcome(tasks[2:])  # nothing of it is under way
    assert not waiting.done()
    desk.error = CommitFailed("refused")
    desk.open.set()
    await asyncio.gather(waiting, commit)
    await committing.outcome(tasks)
    assert desk.events == ["renew", "failed True", "reset 2", "again"]
