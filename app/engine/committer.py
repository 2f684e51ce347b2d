"""The commit loop: whatever units are finished goes out in one commit after the other, while agents go on with the
next. The numbered steps of a commit are those of docs/delivery.md, which says what a crash after each leaves behind.
"""

import asyncio
from collections.abc import Collection
from time import monotonic
from typing import Any, Protocol

from mode import Service

from app.engine.lasting import lasting
from app.engine.pending import PENDING_BYTES_MAX, Pending
from app.engine.task import Task, TaskId

_RETRY_S = 0.5


class CommitFailed(Exception):
    """A commit was refused, or its outcome is unknown: what it held must be read again from committed state."""


class SendRefused(CommitFailed):
    """Nothing of a commit came true because these topic partitions don't take what it sends them; others would."""

    def __init__(self, why: str, places: set[tuple[str, int]]) -> None:
        super().__init__(why)
        self.places = places


class GroupMoved(Exception):
    """The group has a newer assignment: nothing of the commit came true, and whoever still owns it may try it again."""


class Ledger(Protocol):
    """Makes the pending changes of tasks true in Kafka, all of them or none. fenced: whoever lost a partition can't."""

    fenced: bool

    async def commit(self, taken: list[tuple[Task, Pending]]) -> dict[TaskId, int]:
        """Write changelogs, sends and offsets; answers each changelog partition's next offset. Raises CommitFailed,
        SendRefused or GroupMoved."""

    async def renew(self) -> None:
        """Start over after a failed commit: nothing of it may come true later."""


class Committer(Service):  # type: ignore[misc]
    """Commits finished units every interval_s, and at once when asked to drain."""

    def __init__(self, engine: Any, ledger: Ledger, *, interval_s: float, **options: Any) -> None:
        super().__init__(**options)
        self.engine = engine
        self.ledger = ledger
        self.interval_s = interval_s
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._lock = asyncio.Lock()
        self._allowed = asyncio.Event()
        self._allowed.set()
        #: Set, and replaced, with each new assignment.
        self._next_assignment = asyncio.Event()
        self._under_way: set[TaskId] = set()
        self._ended = asyncio.Event()

    def finished(self) -> None:
        """A unit was finished: there is something to commit."""
        self._work.set()

    async def room_for(self, task: Task) -> None:
        """Wait until a task may take more units: memory is bounded by what is not yet committed."""
        while task.pending.bytes > PENDING_BYTES_MAX and not self.should_stop:
            self._room.clear()
            self._work.set()
            await self._room.wait()

    @Service.task
    @lasting
    async def _commit_loop(self) -> None:
        while not self.should_stop:
            await self.wait_first(self._work.wait(), self._stopped.wait())
            self._work.clear()
            started = monotonic()
            await self.commit()
            await asyncio.sleep(max(0.0, self.interval_s - (monotonic() - started)))

    async def drain(self, timeout_s: float) -> None:
        """Commit all finished units now, within a bounded time; what is left is read again by the next owner."""
        try:
            await asyncio.wait_for(self.commit(), timeout_s)
        except TimeoutError:
            self.log.warning("A commit took over %.1f s and was given up; its records will be read again", timeout_s)
            self.engine.reset([task for task in self.engine.tasks.held() if task.pending or task.committing])
            await self.ledger.renew()

    async def hold(self, timeout_s: float) -> None:
        """Commit all finished units now, and nothing more before go_on."""
        await self.drain(timeout_s)
        self._allowed.clear()

    def go_on(self) -> None:
        """A new assignment is in."""
        self._allowed.set()
        self._next_assignment.set()
        self._next_assignment = asyncio.Event()
        self._room.set()
        self._work.set()

    async def commit(self) -> None:
        """One commit of everything that is pending."""
        await self._allowed.wait()
        async with self._lock:
            taken = [(task, task.take_pending()) for task in self.engine.tasks.held() if task.pending]  # step 1
            await self._commit(taken)
            self._room.set()

    async def _commit(self, taken: list[tuple[Task, Pending]]) -> None:
        if not taken:
            return
        started, next_assignment = monotonic(), self._next_assignment
        try:
            offsets = await self._come_true(taken)  # steps 2 to 6
        except GroupMoved:
            await next_assignment.wait()
            await self._commit(_still_theirs(taken))
            return
        except CommitFailed as error:
            await self.ledger.renew()  # step 9
            others = self.engine.refusals.without(error, taken)
            if len(others) < len(taken):
                await self._commit(_still_theirs(others))
                return
            self.log.warning("Commit failed (%s); its records will be read again", error)
            self.engine.observer.send_failed(sum(pending.sent_records for _, pending in taken))
            # Step 10, in one go: a task that was reset must not start again before its changelog's new end is known.
            self.engine.reset([task for task, _ in taken])
            self.engine.restore_again()
            return
        for task, pending in taken:
            # Step 7. A task that was reset meanwhile reads what came true from its changelog.
            if task.committing is pending:
                task.write_committed(offsets[task.id])
        self.engine.refusals.came_true(taken)
        self.engine.report([pending for _, pending in taken], monotonic() - started)  # step 8

    async def _come_true(self, taken: list[tuple[Task, Pending]]) -> dict[TaskId, int]:
        self._under_way = {task.id for task, _ in taken}
        try:
            return await self.ledger.commit(taken)
        finally:
            self._under_way = set()
            self._ended.set()
            self._ended.clear()

    async def outcome(self, tasks: Collection[Task]) -> None:
        """Wait until no commit is under way that holds something of these tasks, which were reset meanwhile."""
        # No new generation fences it: what it makes true may come behind an end that is looked up before.
        if not self._under_way.isdisjoint(task.id for task in tasks):
            await self._ended.wait()


def _still_theirs(taken: list[tuple[Task, Pending]]) -> list[tuple[Task, Pending]]:
    """Without the tasks that have gone elsewhere meanwhile, or were reset: they dropped what they were committing."""
    return [(task, pending) for task, pending in taken if task.committing is pending]
