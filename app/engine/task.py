"""A task: one partition of a group on this worker, active or standby, with its store and what is not yet committed.

    opened ──restored──▶ ready ──commit──▶ ready       an active task is read and written
       ▲                   │
       └──── reset ◀───────┘  a commit failed or the partition moved: what is pending is dropped, the store is the truth
       └──── halt ◀────────┘  the store failed: it waits for app.engine.repair, the changelog is the truth

Rows are looked up newest first: changed and not committed, cached, on disk.
"""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from app.delivery.duplicates import HORIZON_MS, DuplicateIndex, last_time
from app.engine.cache import RowCache
from app.engine.changelog import Position, SourcePosition, ids_number
from app.engine.group import Group
from app.engine.in_work import InWork
from app.engine.pending import PENDING_BYTES_MAX, Pending
from app.engine.quarantine import open_store, set_aside
from app.engine.ranking import IndexNotReady, Lowest, Ranking
from app.engine.storage import EVENT_IDS, META, POSITION
from app.engine.store_failure import DiskRefuses, StoreDamaged, StoreFailed
from app.engine.table import Index, RowTable

Row = TypeVar("Row")

_NOWHERE = SourcePosition(0, 0)

Tables = Sequence[RowTable[Any]]


class TaskId(NamedTuple):
    """A group's name and a partition number."""

    group: str
    partition: int


class Task:
    """State of one partition of a group: committed rows on disk, changed rows in memory, positions of both."""

    def __init__(self, group: Group, partition: int, directory: Path, *, tables: Tables, cache: RowCache) -> None:
        self.group = group.name
        self.partition = partition
        self.changelog = group.changelog
        self.tables = {table.format.tag: table for table in tables}
        self.index_tags = [index.format.tag for table in tables for index in table.indexes]
        #: Rankings by tag; None while one is being built.
        self.lowest: dict[bytes, Lowest | None] = {table.ranking.format.tag: None for table in tables if table.ranking}
        self.building: dict[bytes, Lowest] = {}
        self.role = "standby"
        self.ready = False
        self.is_open = True
        #: Counts resets: a unit that was read before one is stale after it.
        self.epoch = 0
        self.store = open_store(directory)
        self._cache = cache
        self._left_at: int | None = None
        #: The transactional id of this worker.
        self.writer = ""
        self.in_work = InWork()
        self.load()

    @property
    def id(self) -> TaskId:
        """Group and partition."""
        return TaskId(self.group, self.partition)

    def load(self) -> None:
        """Take positions and event ids from the store, and forget everything that is not in it."""
        self.epoch += 1
        #: Sources of which a unit was skipped: they must be read again from where they are.
        self.gaps: set[str] = set()
        self.committed = Position.decode(self.store.get(POSITION))
        self.sources = dict(self.committed.sources)
        self.upstream = dict(self.committed.upstream)
        self.ids = self.committed.ids
        self.pending = Pending()
        self.committing: Pending | None = None
        self._cache.forget(self.id)
        self.rows = self._cache.of(self.id)
        self.duplicates: DuplicateIndex | None = None
        #: What is kept in memory of windows, by their name (app.engine.windows).
        self.open_panes: dict[str, Any] = {}
        #: Number and last time of each stored id record, the oldest first: what is past the horizon is deleted.
        self._id_records: deque[tuple[int, int]] = deque()

    def promote(self) -> None:
        """Become active; what is in memory stays good if nobody else was active since this worker left off."""
        if self._left_at != self.store.changelog_offset:
            self.load()
        self.role, self.ready = "active", True

    def demote(self) -> None:
        """Leave off being active: what is not committed is read again by whoever comes next."""
        if self.pending or self.committing:
            self.reset()
            self.ready = self.store.failure is None
        self.epoch += 1
        self._left_at = self.store.changelog_offset
        self.role = "standby"

    def reset(self) -> None:
        """Drop what is not committed; the copy is complete again when it has reached the changelog's end."""
        try:
            self.load()
        except StoreFailed:
            self.halt()
        self._left_at = None
        self.role, self.ready = "standby", False

    def halt(self) -> None:
        """Stop: the store failed, and nothing it says counts. What is not committed is read again one day."""
        self.epoch += 1
        self.gaps.clear()
        self.pending, self.committing, self._left_at = Pending(), None, None
        self.role, self.ready = "standby", False

    def rebuild(self, why: str) -> None:
        """Set the copy aside and begin with an empty one: the changelog has it all. Raises DiskRefuses."""
        self.store.failed(StoreDamaged(why))
        self.reopen()

    def reopen(self) -> None:
        """A store in place of the failed one: an empty one where that was damaged. Raises DiskRefuses."""
        store, directory = self.store, self.store.directory
        self.halt()
        store.close()
        try:
            if isinstance(store.failure, StoreDamaged):
                set_aside(directory, str(store.failure))
                store.failure = DiskRefuses("an empty one can't be made")
            self.store = open_store(directory)
        except DiskRefuses as refusal:
            store.failure = refusal
            raise
        self.lowest, self.building = dict.fromkeys(self.lowest), {}
        self.reset()

    def seen(self) -> DuplicateIndex:
        """The event ids of the last 24 hours; read from the store when first needed (standbys never do)."""
        if self.duplicates is None:
            stored = list(self.store.scan(EVENT_IDS, META))
            self.duplicates = DuplicateIndex(self.store.directory.parent, self.store.failed)
            self.duplicates.load(value for _, value in stored)
            self._id_records = deque((ids_number(key), last_time(value)) for key, value in stored)
        return self.duplicates

    @property
    def positions(self) -> dict[str, int]:
        """Next offset of each source, as committed."""
        return {topic: at.next_offset for topic, at in self.committed.sources.items()}

    def reached(self, topic: str) -> SourcePosition:
        """How far a source is applied, what is not committed yet included."""
        return self.sources.get(topic, _NOWHERE)

    def continues(self, topic: str, epoch: int, start: int) -> bool:
        """Whether a unit read at an epoch, from offset start on, is exactly what comes next here, and there is room."""
        if self.role != "active" or not self.ready or epoch != self.epoch:
            return False
        due = self.reached(topic).next_offset
        # Units that were queued before memory ran out are read again, like those behind a gap.
        if start > due or (start == due and self.pending.bytes > PENDING_BYTES_MAX):
            self.gaps.add(topic)
            return False
        return start == due

    def latest(self, key: bytes) -> bytes | None:
        """The newest bytes of a row, committed or not."""
        value = self.rows.get(key)
        if value is None:
            value = self.pending.rows.get(key)
        if value is None and self.committing is not None:
            value = self.committing.rows.get(key)
        try:
            return self.store.unchecked_get(key) if value is None else value
        except Exception as error:
            raise self.store.failed(error) from None

    def read(self, table: RowTable[Row], key: bytes) -> Row | None:
        """The committed row of a key."""
        value = self.store.get(key)
        return None if value is None else table.decode(value)

    def scan(
        self, table: RowTable[Row] | Index | Ranking, start: bytes, stop: bytes, limit: int
    ) -> list[tuple[bytes, Any]]:
        """Up to limit committed rows or index entries from start up to, without, stop."""
        if isinstance(table, Ranking):
            lowest = self.lowest[table.format.tag]
            if lowest is None:
                raise IndexNotReady
            return list(lowest.scan(stop, limit))
        return [(key, table.decode(value)) for key, value in islice(self.store.scan(start, stop), limit)]

    def take_pending(self) -> Pending:
        """What is to be committed next; the task goes on with an empty one."""
        taken, self.pending = self.pending, Pending()
        if taken.times:
            self._id_records.append((self.ids, taken.times[-1]))
            self.ids += 1
            while self._id_records[0][1] < taken.times[-1] - HORIZON_MS:
                taken.expired.append(self._id_records.popleft()[0])
        taken.position = Position(dict(self.sources), dict(self.upstream), self.ids, self.writer)
        self.committing = taken
        return taken

    def apply(self, rows: dict[bytes, bytes | None], changelog_offset: int, derived: Any) -> None:
        """Rows from the changelog to disk, with what comes of them: how a copy is restored and a standby follows."""
        self.store.write(rows.items(), changelog_offset, derived.entries, tallies=derived.tallies)
        for table in self.tables.values():
            if table.ranking is not None and (self.lowest[table.ranking.format.tag] or self.building):
                tag, score, decode = table.format.tag, table.ranking.score, table.decode
                ranked = {key: score(decode(value)) for key, value in rows.items() if value and key.startswith(tag)}
                self.note_scores(table.ranking.format.tag, ranked)
        if POSITION in rows:
            self.committed = Position.decode(rows[POSITION])

    def write_committed(self, changelog_offset: int) -> None:
        """Step 7. Kafka has it: rows, ids, position to disk in one WriteBatch; the new state is what readers see."""
        done = self.committing
        assert done is not None
        try:
            self.store.write(done.records(), changelog_offset, done.index, tallies=done.tallies)
        except StoreFailed:
            self.halt()  # Kafka has it all: nothing is lost, and nobody reads what is behind
            return
        for tag, scores in done.scores.items():
            self.note_scores(tag, scores)
        self.committed = done.position
        self.committing = None
        self._cache.trim()

    def note_scores(self, tag: bytes, scores: dict[bytes, int]) -> None:
        """Scores of rows that are on disk now."""
        for lowest in (self.lowest[tag], self.building.get(tag)):
            if lowest is not None:
                lowest.note_all(scores)

    def close(self) -> None:
        """Release the directory; it stays for the next time this partition comes here."""
        self.epoch += 1
        self.ready = self.is_open = False
        self._cache.forget(self.id)
        self.store.close()
