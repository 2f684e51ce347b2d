"""A unit of a retry topic: records that could not be decided when they were read from their source, tried again."""

from collections.abc import Iterator
from typing import Any

from app.delivery.duplicates import HORIZON_MS, digest
from app.delivery.retries import Origin
from app.domain.poison import Poison
from app.engine.group import RETRIES
from app.engine.task import Task
from app.engine.unit import Read, Unit


class RetryUnit(Unit):
    """Counts and remembers in the source partition, with the source records' times (rule 1)."""

    def __init__(self, task: Task, read: Read, finished: Any) -> None:
        super().__init__(task, read, finished)
        self.source = RETRIES[read.topic].source
        self._leaving.source = self.source

    def _fresh_by_id(self) -> Iterator[Any]:
        """Events whose id was not seen at most 24 hours before the source record, nor after it."""
        seen, latest = self.task.seen(), self.task.reached(self.source).time
        hashes = [digest(event[0].encode()) if event[0] else b"" for event in self.read.decoded]
        older = seen.older([hash_ for hash_ in hashes if hash_])
        for record, event, hash_ in zip(self.read.records, self.read.decoded, hashes, strict=True):
            self.record = record
            if event.__class__ is Poison:
                self.bury(event.reason, event.error)
                continue
            now = min(self._origin(record).time, latest)
            last = seen.recent.get(hash_, older.get(hash_))
            if hash_ and last is not None and now - last <= HORIZON_MS:
                self._duplicates += 1
                now = max(now, last)
            else:
                self._held_back = False
                yield event
                if self._held_back or not hash_:
                    continue
            seen.recent[hash_] = now
            self._times.append(now)
            self._digests.append(hash_)
        seen.settle(latest)
        self._finish(0)

    def _origin(self, record: Any, time: int = 0) -> Origin:
        origin: Origin | None = record.origin
        if origin is None or origin.partition != self.task.partition:
            # A stranger's record is not tried again: only what we sent ourselves is known to go on to its end.
            return Origin(self.read.topic, self.task.partition, record.offset, record.timestamp, record.timestamp, 3)
        return origin._replace(attempts=origin.attempts + 1)

    def _finish(self, now: int) -> None:
        super()._finish(now)
        # Ids are stored in the order of their times, and those of retries lie behind the source's.
        pending = self.task.pending
        if self._times:
            order = sorted(range(len(pending.times)), key=pending.times.__getitem__)
            pending.times = [pending.times[i] for i in order]
            pending.digests = [pending.digests[i] for i in order]


def unit_of(task: Task, read: Read, finished: Any) -> Unit:
    """The unit of a list of records, from a source or from a retry topic."""
    return (RetryUnit if read.topic in RETRIES else Unit)(task, read, finished)
