"""A unit: what an agent makes of one list of records of one source partition. All of it counts, or nothing of it.

    rows = unit.rows(table)
    for batch in unit.batches():       all of them at once, in columns, where that can be
        rows.settle_all(keys, decide, columns, firsts=first_rows)
    for event in unit.events():        good events in the order of the log, none twice (contract, rules 1 and 7)
        rows.settle(key, decide(rows.get(key), event), event.kind)

When a loop ends the unit is finished: its changes join what its task commits next. A loop left early finishes
nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, compress
from typing import Any, NamedTuple, TypeVar

import numpy as np

from app.delivery.duplicates import HORIZON_MS, digest
from app.delivery.retries import Origin
from app.domain.poison import KILLS_WORKER, Poison
from app.engine.breaker import DEATHS
from app.engine.changelog import SourcePosition
from app.engine.decode.movements import Movements
from app.engine.group import INTERNAL_SOURCES
from app.engine.leaving import Leaving, Undecided
from app.engine.panes import Windows
from app.engine.partitioner import partition_of
from app.engine.pending import Counts, Send
from app.engine.rows import Rows
from app.engine.table import RowTable
from app.engine.task import Task
from app.engine.topic_specs import PARTITIONS
from app.engine.windows import Noted

Row = TypeVar("Row")


class Read(NamedTuple):
    """Records as they were read: the source's topic, the offsets [start, stop) they cover, the records, decoded."""

    topic: str
    start: int
    stop: int
    records: Sequence[Any]
    decoded: Sequence[Any]


class Unit:
    """Decoded records of one source partition and the changes they make."""

    def __init__(self, task: Task, read: Read, finished: Callable[[], None]) -> None:
        self.task = task
        self.read = read
        #: The topic that counts, letters and retries are for.
        self.source = read.topic
        self._finished = finished
        self.epoch = task.epoch
        self._tables: dict[str, Rows[Any] | Noted] = {}
        self._sends: list[Send] = []
        self._times: list[int] = []
        self._digests: list[bytes] = []
        #: Applied events by type.
        self.counted: dict[str, int] = {}
        self._ignored: dict[str, int] = {}
        self._leaving = Leaving(self.source, self._sends)
        self._duplicates = 0
        self._held_back = False
        self.record: Any = None

    def rows(self, table: RowTable[Row]) -> Rows[Row]:
        """The unit's view of a table of its task's group."""
        return self._tables.setdefault(table.name, Rows(self, table))  # type: ignore[return-value]

    def windows(self, windows: Windows) -> Noted:
        """Where to note each applied event (or what it adds), so that it counts in these windows."""
        noted = self._tables[windows.table.name] = Noted(self.task, windows)
        return noted

    def batches(self) -> Iterator[Movements]:
        """All events at once where they are in columns and none was seen before; what events() has then is nothing."""
        movements, task = self.read.decoded, self.task
        if not isinstance(movements, Movements) or not task.continues(self.read.topic, self.epoch, self.read.start):
            return
        columns = movements.columns
        seen, hashes = task.seen(), list(map(digest, columns.ids))
        if not seen.are_new(hashes):
            return
        task.in_work.enter(self.read.topic, task.partition, self.read.start, self.read.stop)
        yield movements
        now = task.reached(self.read.topic).time
        times = np.maximum.accumulate(np.maximum(columns.timestamps, now)).tolist()
        self._finish_fresh(hashes, times, times[-1])

    def events(self) -> Iterator[Any]:
        """Good events that were not seen before, in order. Finishes the unit when they are used up."""
        if not self.task.continues(self.read.topic, self.epoch, self.read.start):
            self._let_go()
            return iter(())
        if records := self.read.records:
            self.task.in_work.enter(self.read.topic, self.task.partition, records[0].offset, records[-1].offset + 1)
        return self._fresh_by_position() if self.read.topic in INTERNAL_SOURCES else self._fresh_by_id()

    def _fresh_by_id(self) -> Iterator[Any]:
        """Events whose id was not seen in the last 24 hours; a duplicate, too, counts as seen now (rule 1)."""
        now = self.task.reached(self.read.topic).time
        seen, decoded = self.task.seen(), self.read.decoded
        hashes = [digest(event[0].encode()) if event[0] else b"" for event in decoded]
        if hashes and all(hashes) and Poison not in set(map(type, decoded)) and seen.are_new(hashes):
            yield from self._each_fresh(hashes, now)
            return
        recent, older = seen.recent, seen.older([hash_ for hash_ in hashes if hash_])
        times, digests = self._times, self._digests
        for record, event, hash_ in zip(self.read.records, decoded, hashes, strict=True):
            if record.timestamp > now:  # noqa: PLR1730 - max() costs a call for each event
                now = record.timestamp
            self.record = record
            if event.__class__ is Poison:
                self.bury(event.reason, event.error)
                continue
            last = recent.get(hash_)
            if last is None and older:
                last = older.get(hash_)
            if hash_ and last is not None and now - last <= HORIZON_MS:
                self._duplicates += 1
            else:
                self._held_back = False
                yield event
                if self._held_back or not hash_:
                    continue
            recent[hash_] = now
            times.append(now)
            digests.append(hash_)
        seen.settle(now)
        self._finish(now)

    def _each_fresh(self, hashes: list[bytes], now: int) -> Iterator[Any]:
        """All events of a list without poison and known ids, as most lists are: what must be remembered is one step."""
        records = self.read.records
        held_back, self._held_back = set(), False
        for record, event in zip(records, self.read.decoded, strict=True):
            self.record = record
            yield event
            if self._held_back:
                held_back.add(record.offset)
                self._held_back = False
        times = [record.timestamp for record in records]
        if times[0] < now or sorted(times) != times:
            times = list(accumulate(times, max, initial=now))[1:]
        now = times[-1]
        if held_back:
            kept = [record.offset not in held_back for record in records]
            hashes, times = list(compress(hashes, kept)), list(compress(times, kept))
        self._finish_fresh(hashes, times, now)

    def _finish_fresh(self, hashes: list[bytes], times: list[int], now: int) -> None:
        """Remember ids that are all new, with the times they were seen at."""
        seen = self.task.seen()
        seen.recent.update(zip(hashes, times, strict=True))
        self._times, self._digests = times, hashes
        seen.settle(now)
        self._finish(now)

    def _fresh_by_position(self) -> Iterator[Any]:
        """Events of our own that come after the last one of their producer's partition."""
        now = self.task.reached(self.read.topic).time
        upstream = self.task.upstream
        for record, event in zip(self.read.records, self.read.decoded, strict=True):
            now = max(now, record.timestamp)
            at = (event.booking_offset, event.sequence)
            if at > upstream.get(event.booking_partition, (-1, -1)):
                upstream[event.booking_partition] = at
                yield event
            else:
                self._duplicates += 1
        self._finish(now)

    def applied(self, kind: str) -> None:
        """Count an applied event by its type."""
        self.counted[kind] = self.counted.get(kind, 0) + 1

    def ignored(self, reason: str) -> None:
        """Count an event that a rule ignores."""
        self._ignored[reason] = self._ignored.get(reason, 0) + 1

    def send(self, topic: str, key: str, value: bytes) -> None:
        """Send a record with the commit, to the partition of its key."""
        encoded = key.encode()
        self._sends.append(Send(topic, partition_of(encoded, PARTITIONS[topic]), encoded, value))

    def retry(self, reason: str, error: str) -> None:
        """Try the current record again later, a few times; then it is a dead letter. Its event id is not remembered."""
        self._held_back = True
        self._leaving.undecided.append(Undecided(self.record, reason, error))

    def bury(self, reason: str, error: str) -> None:
        """Send the current record to its dead letter topic with the commit; its event id is not remembered."""
        self._held_back = True
        origin = self._origin(self.record)
        if reason == KILLS_WORKER:
            origin = origin._replace(attempts=DEATHS)
        self._leaving.bury(Undecided(self.record, reason, error), origin)

    def _origin(self, record: Any, time: int = 0) -> Origin:
        """Where a record lies in its source, this attempt counted; time is its partition's then."""
        return Origin(self.source, self.task.partition, record.offset, record.timestamp, time, 1)

    def _finish(self, now: int) -> None:
        task, topic = self.task, self.read.topic
        pending = task.pending
        self._leaving.settle(self.read.records, task.reached(self.source).time, self._origin)
        for rows in self._tables.values():
            rows.flush(pending)
        # Rows know their unit: kept, the two would hold a thousand events until the garbage collector looks.
        self._tables.clear()
        pending.times += self._times
        pending.digests += self._digests
        pending.sends += self._sends
        pending.bytes += 24 * len(self._times) + sum(len(send.value or b"") for send in self._sends)
        pending.offsets[topic] = self.read.stop
        task.sources[topic] = SourcePosition(self.read.stop, now)
        self._count(pending.counts)
        task.in_work.leave()
        self._let_go()
        self._finished()

    def _let_go(self) -> None:
        # An agent holds its last unit until the next one comes, which may wait for the memory of these.
        self.read, self.record = self.read._replace(records=(), decoded=()), None

    def _count(self, counts: Counts) -> None:
        topic = self.source
        counts.consumed[self.read.topic] += len(self.read.records)
        counts.duplicates[topic] += self._duplicates
        counts.retries[topic] += self._leaving.retried
        counts.applied.update({(topic, kind): n for kind, n in self.counted.items()})
        counts.ignored.update({(topic, reason): n for reason, n in self._ignored.items()})
        counts.dead_letters.update((topic, reason) for reason in self._leaving.dead)
        decoded = self.read.decoded
        if isinstance(decoded, Movements):
            counts.timestamps.extend(decoded.columns.timestamps.tolist())
        else:
            counts.timestamps.extend([record.timestamp for record in self.read.records])
