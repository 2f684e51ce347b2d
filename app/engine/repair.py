"""Repair: brings back partitions whose store failed, one by one, while all others go on.

    damaged       set aside, made anew, restored from the changelog
    disk refuses  the partition stands still; once there is room its store is opened again and restored from where it is

What a commit made true is in the changelog whatever happened to the store, so nothing is lost either way. What was not
committed is read again.
"""

import logging
import os
import tempfile
from pathlib import Path
from time import monotonic
from typing import Any

from faust.types import TP

from app.engine.changelog_reader import ChangelogReader
from app.engine.group import GROUP_BY_NAME
from app.engine.storage import PartitionStore
from app.engine.store_failure import DiskRefuses, StoreDamaged
from app.engine.task import Task, TaskId

#: Room there must be before anything is opened again: a few stores' next files.
ROOM_BYTES = 16 << 20
RETRY_S = 2.0

log = logging.getLogger(__name__)


class Repair:
    """Watches the stores of a worker's tasks; the restore loop asks it to act."""

    def __init__(self, app: Any, engine: Any) -> None:
        self._app = app
        self._engine = engine
        self._unopened: set[TaskId] = set()
        self._stopped: dict[TaskId, PartitionStore] = {}
        self._halted = 0
        self._next_try = 0.0

    def open(self, id: TaskId) -> None:
        """Open a task; one whose store the disk refuses is tried again later."""
        self._unopened.discard(id)
        try:
            self._engine.tasks.open(id)
        except DiskRefuses as refusal:
            log.error("%s-%d can't be opened: %s", *id, refusal)
            self._unopened.add(id)
            self._next_try = monotonic() + RETRY_S

    def must_begin(self) -> bool:
        """Whether tasks that could not be opened can be now: the assignment must be gone through again."""
        if not self._unopened or not self._has_room():
            return False
        # Standbys come last, and some may be wanted elsewhere by now: who is still wanted is opened, or listed again.
        self._unopened.clear()
        return True

    def check(self, task: Task, end: int, changelog_id: bytes) -> None:
        """Set a copy aside that can't be of this changelog, whose end and id these are (the id empty: not known)."""
        store = task.store
        if changelog_id and store.changelog_id not in (b"", changelog_id):
            self._rebuild(task, "of a changelog that is no more")
        # A commit's marker may still be on its way to the changelog, hence the one.
        elif store.changelog_offset > end + 1:
            self._rebuild(task, "newer than its changelog")
        if changelog_id:
            task.store.changelog_id = changelog_id

    async def mend(self, reader: ChangelogReader) -> dict[TaskId, int]:
        """Make new stores for failed ones where that can be; ends of the changelogs that are read again now."""
        failed = [task for task in self._engine.tasks.held() if task.store.failure is not None]
        mended = []
        for task in failed:
            if self._stopped.get(task.id) is not task.store:
                self._stop(task)
            if isinstance(task.store.failure, StoreDamaged) or self._has_room():
                changelog_id = task.store.changelog_id
                if self._reopen(task):
                    self._stopped.pop(task.id, None)
                    task.store.changelog_id = changelog_id
                    mended.append(task)
        self._show(len(failed) - len(mended) + len(self._unopened))
        await self._engine.committer.outcome(mended)
        ends = await reader.ends(mended)
        for task in mended:
            reader.follow_again(task)
        return ends

    def _stop(self, task: Task) -> None:
        log.error("%s-%d stands still: its store failed (%s)", *task.id, task.store.failure)
        self._stopped[task.id] = task.store
        task.halt()
        sources = GROUP_BY_NAME[task.group].sources
        self._app.consumer.pause_partitions({TP(topic, task.partition) for topic in sources})

    def _rebuild(self, task: Task, why: str) -> None:
        task.store.failed(StoreDamaged(why))
        self._reopen(task)

    def _reopen(self, task: Task) -> bool:
        damaged = isinstance(task.store.failure, StoreDamaged)
        try:
            task.reopen()
        except DiskRefuses as refusal:
            log.error("%s-%d can't be opened: %s", *task.id, refusal)
            self._next_try = monotonic() + RETRY_S
            return False
        if damaged or task.store.replaces:
            self._engine.observer.store_set_aside(task.group)
        return True

    def _has_room(self) -> bool:
        """Whether the disk takes a file of some size; asked every few seconds while something waits for it."""
        if monotonic() < self._next_try:
            return False
        if _takes(self._engine.tasks.directory, ROOM_BYTES):
            return True
        self._next_try = monotonic() + RETRY_S
        return False

    def _show(self, halted: int) -> None:
        if halted != self._halted:
            self._halted = halted
            self._engine.observer.halted(halted)


def _takes(directory: Path, size: int) -> bool:
    try:
        with tempfile.TemporaryFile(dir=directory) as file:
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError:
        return False
    return True
