"""One partition's state on disk: a RocksDB directory whose rows and position change together, in one WriteBatch.

RocksDB never holds what Kafka might still abort: app.engine.committer writes here only after the commit. The
changelog is the log of this state, so RocksDB keeps none of its own: what a killed process had in memory is read
from the changelog again.

A store that fails once fails for good (`failure`): what it still answers may have holes. app.engine.repair replaces it.
"""

import struct
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from rocksdict import ReadOptions, WriteBatch

from app.engine.rocksdb import once_there_is_room, opened, without_log
from app.engine.store_failure import StoreDamaged, StoreFailed, failure_of

#: Rows of these kinds share the key space with the tables' tags, which are all above META.
POSITION = b"\x00"
EVENT_IDS = b"\x01"
META = b"\x02"

_CHANGELOG_OFFSET = META + b"changelog-offset"
_TALLIES = META + b"tallies"
#: Another name for other entries: what a copy has of those before is dropped, and built anew.
_INDEXED = META + b"indexed-2"
_IDENTITY = META + b"identity"
_CHANGELOG_ID = META + b"changelog-id"
Tallies = dict[bytes, int]
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Tallies).decode
_offset = struct.Struct(">q")

_FILES = "rocksdb.total-sst-files-size"
_IN_MEMORY = ("rocksdb.size-all-mem-tables", "rocksdb.estimate-table-readers-mem")

_KNOWN_MAX = 50_000


class PartitionStore:
    """Rows, index entries and positions of one partition of a group; keys and values are bytes.

    Every method raises StoreFailed, and `failure` keeps the first one. The directory's name says whose data it holds.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        #: Why the store can't be trusted any more.
        self.failure: StoreFailed | None = None
        #: The damage for which another directory was set aside when this store was made.
        self.replaces = ""
        self._closed = False
        self._identity = directory.name.encode()
        self._db = opened(directory)
        #: For those who catch what it raises themselves and hand it to `failed`.
        self.unchecked_get = self._db.get
        #: Some of the index entries that are on disk: most changes of rows bring the same ones again.
        self._known: set[bytes] = set()
        self._counting: Tallies | None = None
        self._views: list[Generator[tuple[bytes, bytes], None, None]] = []
        try:
            self._load()
        except StoreFailed:
            self._db.close()
            raise

    def _load(self) -> None:
        raw, identity = self.get(_CHANGELOG_OFFSET), self.get(_IDENTITY)
        if raw is not None and identity != self._identity:
            raise StoreDamaged("another partition's data")
        #: Next offset of the changelog partition; 0 where nothing was ever applied.
        self.changelog_offset: int = _offset.unpack(raw)[0] if raw is not None else 0
        #: Which topic of that name the offset is of: Kafka's topic id; empty where nobody said so yet.
        self.changelog_id: bytes = self.get(_CHANGELOG_ID) or b""
        self._marked = None if identity is None else self.changelog_id
        #: Whether the index entries agree with the rows (a bulk restore leaves them for later).
        self.indexed: bool = self.get(_INDEXED) is not None or self.changelog_offset == 0
        raw = self.get(_TALLIES)
        #: By table's tag how many rows fulfil its tally; None where they are yet to be counted.
        self.tallies: Tallies | None = {} if self.changelog_offset == 0 else None if raw is None else _unpack(raw)
        self.get(POSITION)  # without it there is no task: better found here

    def failed(self, error: Exception) -> StoreFailed:
        """Take note of RocksDB's error; answers what to raise. Damage outdoes a disk that refuses."""
        if self._closed:
            return StoreFailed("closed")
        failure = failure_of(error)
        if self.failure is None or isinstance(failure, StoreDamaged):
            self.failure = failure
        self.unchecked_get = self._refuse
        return failure

    def _refuse(self, _key: Any = None) -> Any:
        """A write that failed left a hole: what is read behind it is wrong, and one more write would hide it."""
        if self.failure is not None:
            raise self.failure

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None."""
        try:
            value: bytes | None = self.unchecked_get(key)
        except Exception as error:
            raise self.failed(error) from None
        return value

    def write(
        self,
        rows: Iterable[tuple[bytes, bytes | None]],
        changelog_offset: int,
        index: dict[bytes, bool],
        *,
        tallies: Mapping[bytes, int] | None,
    ) -> None:
        """Rows (None deletes), index entries and the changelog's next offset, all or nothing.

        tallies are differences by table's tag; None where nobody knows them: then the rows must be counted anew.
        """
        self._refuse()
        rows, known, changed = list(rows), self._known, _sum(self.tallies, tallies)

        def write() -> None:
            batch = WriteBatch(raw_mode=True)
            self._fill(batch, rows, index)
            self._note(batch, changelog_offset, changed)
            self._db.write(batch, without_log)

        try:
            once_there_is_room(self._db, write)
        except Exception as error:
            raise self.failed(error) from None
        self._marked = self.changelog_id
        if len(known) > _KNOWN_MAX:
            known.clear()
        known.difference_update([key for key, present in index.items() if not present])
        known.update([key for key, present in index.items() if present])
        self.changelog_offset, self.tallies = changelog_offset, changed
        self._counting = _sum(self._counting, tallies)

    def _fill(self, batch: WriteBatch, rows: list[tuple[bytes, bytes | None]], index: dict[bytes, bool]) -> None:
        put, delete, known = batch.put, batch.delete, self._known
        for key, value in rows:
            if value is None:
                delete(key)
            else:
                put(key, value)
        for key, present in index.items():
            if not present:
                delete(key)
            elif key not in known:
                put(key, b"")

    def _note(self, batch: WriteBatch, changelog_offset: int, tallies: Tallies | None) -> None:
        """What the store says of itself."""
        batch.put(_CHANGELOG_OFFSET, _offset.pack(changelog_offset))
        if self._marked != self.changelog_id:
            batch.put(_IDENTITY, self._identity)
            batch.put(_CHANGELOG_ID, self.changelog_id)
        if self.indexed:
            batch.put(_INDEXED, b"")
        else:
            batch.delete(_INDEXED)
        if tallies is None:
            batch.delete(_TALLIES)
        else:
            batch.put(_TALLIES, _pack(tallies))

    def scan(self, start: bytes, stop: bytes) -> Generator[tuple[bytes, bytes], None, None]:
        """Keys and values from start up to, without, stop, in key order, of the disk as it is now.

        An early end raises, it never shortens.
        """
        self._refuse()
        options = ReadOptions()
        options.set_iterate_upper_bound(stop)
        try:
            iterator = self._db.iter(options)
        except Exception as error:
            raise self.failed(error) from None
        return self._walk(iterator, start)

    def _walk(self, iterator: Any, start: bytes) -> Generator[tuple[bytes, bytes], None, None]:
        try:
            iterator.seek(start)
            while iterator.valid():
                yield iterator.key(), iterator.value()
                iterator.next()
            iterator.status()
        except Exception as error:
            iterator = None  # a traceback that somebody keeps would keep the directory open
            raise self.failed(error) from None

    def begin_tallies(self, spans: Iterable[tuple[bytes, bytes]]) -> list[Iterator[tuple[bytes, bytes]]]:
        """One view of the disk over these spans, to be counted; what is written from now on is added at the end."""
        self.tallies, self._counting = None, {}
        self._views = [self.scan(*span) for span in spans]
        return list(self._views)

    def end_tallies(self, counted: Mapping[bytes, int]) -> None:
        """What was counted on the view; nothing where the counting was made useless meanwhile."""
        self.tallies, self._counting = _sum(self._counting, counted), None
        self._views = []
        self.write((), self.changelog_offset, {}, tallies={})

    def _end_views(self) -> None:
        """Let go of the files: a store can't be opened again while somebody walks over them."""
        for view in self._views:
            view.close()

    def delete_range(self, start: bytes, stop: bytes) -> None:
        """Delete every key from start up to, without, stop."""
        self._refuse()
        self._known.clear()
        try:
            once_there_is_room(self._db, lambda: self._db.delete_range(start, stop, without_log))
        except Exception as error:
            raise self.failed(error) from None

    def sizes(self) -> tuple[int, int]:
        """Bytes of its files, and bytes it takes in memory without the blocks that all stores share."""
        if self._closed:
            return 0, 0
        read = self._db.property_int_value
        return read(_FILES) or 0, sum(read(name) or 0 for name in _IN_MEMORY)

    def close(self) -> None:
        """Flush and release the directory; what can't be written now is read from the changelog again."""
        self._end_views()
        with suppress(Exception):
            if self.failure is None:
                self._db.flush()
        self._closed = True
        with suppress(Exception):
            self._db.close()


def _sum(tallies: Tallies | None, more: Mapping[bytes, int] | None) -> Tallies | None:
    if tallies is None or more is None:
        return None
    return {tag: tallies.get(tag, 0) + more.get(tag, 0) for tag in tallies.keys() | more.keys()}
