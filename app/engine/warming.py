"""Warming up: a worker that is to own tasks follows them first, and tells the group when its copies are complete."""

import logging
from collections.abc import Awaitable, Callable
from time import monotonic

from app.engine.changelog_reader import ChangelogReader
from app.engine.placement import LAG_MAX
from app.engine.task import Task, TaskId

#: Between two looks at how far the copies still have to go.
_LOOK_S = 0.2
#: Where the group's leader sees it otherwise it is told so again, but not at once.
_AGAIN_S = 3.0

log = logging.getLogger(__name__)


class Warming:
    """The copies that one worker is to warm up under the present assignment."""

    def __init__(self) -> None:
        #: Whether all copies that this worker was first told to warm up were ready once.
        self.done_once = False
        self._ids: frozenset[TaskId] = frozenset()
        self._look_at = 0.0

    def moved(self, ids: frozenset[TaskId]) -> None:
        """A new assignment wants these."""
        self._ids = ids

    async def look(self, reader: ChangelogReader, held: list[Task], rejoin: Callable[[], Awaitable[None]]) -> None:
        """Have the group assign anew once all of them could be active at once."""
        ids = self._ids
        copies = [task for task in held if task.id in ids]
        if len(copies) < len(ids) or not all(task.ready for task in copies):
            return
        if copies and monotonic() > self._look_at:
            self._look_at = monotonic() + _LOOK_S
            ends = await reader.ends(copies)
            if self._ids is not ids or any(
                ends[task.id] - task.store.changelog_offset > LAG_MAX // 2 for task in copies
            ):
                return
            log.info("%d copies are warm", len(copies))
            self._ids = frozenset()
            self._look_at += _AGAIN_S
            await rejoin()
        self.done_once = self.done_once or not self._ids
