"""Partitions whose records some topic does not take: a dead letter topic that was deleted, or that refuses its size.

Such a partition is left out of the commit, which then comes true for all others. It drops what it did since its last
commit, stands still, and reads the same records again after a while: nothing is skipped, no offset moves.
"""

from collections.abc import Collection
from typing import Any

from faust.types import TP

from app.engine.committer import CommitFailed, SendRefused
from app.engine.group import GROUP_BY_NAME
from app.engine.pending import Pending
from app.engine.stops import REFUSED
from app.engine.store_failure import StoreFailed
from app.engine.task import Task, TaskId

Taken = list[tuple[Task, Pending]]


class Refusals:
    """Who is left out of commits, and until when."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        #: How far a task must come to be past what was refused: next offsets by source.
        self._beyond: dict[TaskId, dict[str, int]] = {}

    def without(self, error: CommitFailed, taken: Taken) -> Taken:
        """Stop the tasks that sent something to where it was refused; the others, whose changes are as good as ever."""
        if not isinstance(error, SendRefused):
            return taken
        others: Taken = []
        for task, pending in taken:
            if task.committing is not pending:
                continue  # reset meanwhile
            places = {(task.changelog, task.partition), *((send.topic, send.partition) for send in pending.sends)}
            if here := sorted(places & error.places):
                self._engine.observer.send_failed(pending.sent_records)
                self._stop(task, pending, "{}-{} takes nothing from it ({})".format(*here[0], error))
            else:
                others.append((task, pending))
        return others

    def _stop(self, task: Task, pending: Pending, what: str) -> None:
        sources = GROUP_BY_NAME[task.group].sources
        seconds = self._engine.stops.again(TP(sources[0], task.partition), REFUSED, what)
        self._beyond[task.id] = dict(pending.offsets)
        try:
            task.load()  # the commit is known not to have come true: what is on disk is where to go on from
        except StoreFailed:
            task.halt()
        for topic in sources:
            self._engine.app.consumer.pauses.hold(TP(topic, task.partition), task.reached(topic).next_offset, seconds)

    def came_true(self, taken: Taken) -> None:
        """A commit of these came true: who is past what was refused goes on."""
        for task, _pending in taken if self._beyond else ():
            beyond = self._beyond.get(task.id)
            if beyond is not None and all(task.positions.get(topic, 0) >= at for topic, at in beyond.items()):
                del self._beyond[task.id]
                self._engine.stops.over(TP(GROUP_BY_NAME[task.group].sources[0], task.partition), REFUSED)

    def keep(self, tasks: Collection[TaskId]) -> None:
        """Only these are still here: whoever has the others now finds out by itself."""
        self._beyond = {id: beyond for id, beyond in self._beyond.items() if id in tasks}

    def clear(self) -> None:
        """The partitions move: whoever has them next finds out by itself."""
        self._beyond.clear()
