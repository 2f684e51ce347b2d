"""One partition's state on disk: a RocksDB directory whose rows and position change together, in one WriteBatch.

RocksDB never holds what Kafka might still abort: app.engine.committer writes here only after the commit. The
changelog is the log of this state, so RocksDB keeps none of its own: what a killed process had in memory is read
from the changelog again.
"""

import shutil
import struct
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from rocksdict import BlockBasedOptions, Cache, Options, Rdict, ReadOptions, WriteBatch, WriteOptions

#: Rows of these kinds share the key space with the tables' tags, which are all above META.
POSITION = b"\x00"
EVENT_IDS = b"\x01"
META = b"\x02"

_CHANGELOG_OFFSET = META + b"changelog-offset"
_TALLIES = META + b"tallies"
_INDEXED = META + b"indexed"
Tallies = dict[bytes, int]
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Tallies).decode
_offset = struct.Struct(">q")

_FILES = "rocksdb.total-sst-files-size"
_IN_MEMORY = ("rocksdb.size-all-mem-tables", "rocksdb.estimate-table-readers-mem")

_MEMTABLE_BYTES = 4 << 20
_BLOCK_CACHE_BYTES = 64 << 20
_BLOOM_BITS_PER_KEY = 10

_KNOWN_MAX = 50_000

_block_cache = Cache(_BLOCK_CACHE_BYTES)
_without_log = WriteOptions()
_without_log.disable_wal = True


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(_MEMTABLE_BYTES)
    options.set_max_write_buffer_number(3)
    options.set_memtable_prefix_bloom_ratio(0.1)
    options.set_memtable_whole_key_filtering(True)
    options.set_allow_concurrent_memtable_write(False)
    options.set_max_open_files(64)
    options.set_keep_log_file_num(1)
    table = BlockBasedOptions()
    table.set_block_cache(_block_cache)
    table.set_bloom_filter(_BLOOM_BITS_PER_KEY, False)
    options.set_block_based_table_factory(table)
    return options


class PartitionStore:
    """Rows, index entries and positions of one partition of a group; keys and values are bytes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._db = Rdict(str(directory), _options())
        self.get = self._db.get
        #: Some of the index entries that are on disk: most changes of rows bring the same ones again.
        self._known: set[bytes] = set()
        raw = self._db.get(_CHANGELOG_OFFSET)
        #: Next offset of the changelog partition; 0 where nothing was ever applied.
        self.changelog_offset: int = _offset.unpack(raw)[0] if raw is not None else 0
        #: Whether the index entries agree with the rows (a bulk restore leaves them for later).
        self.indexed: bool = self._db.get(_INDEXED) is not None or self.changelog_offset == 0
        raw = self._db.get(_TALLIES)
        #: By table's tag how many rows fulfil its tally; None where they are yet to be counted.
        self.tallies: Tallies | None = {} if self.changelog_offset == 0 else None if raw is None else _unpack(raw)
        self._counting: Tallies | None = None
        self._views: list[Generator[tuple[bytes, bytes], None, None]] = []

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
        batch, known = WriteBatch(raw_mode=True), self._known
        put, delete = batch.put, batch.delete
        for key, value in rows:
            if value is None:
                delete(key)
            else:
                put(key, value)
        for key, present in index.items():
            if not present:
                delete(key)
                known.discard(key)
            elif key not in known:
                put(key, b"")
        put(_CHANGELOG_OFFSET, _offset.pack(changelog_offset))
        changed = _sum(self.tallies, tallies)
        notes = {_INDEXED: b"" if self.indexed else None, _TALLIES: None if changed is None else _pack(changed)}
        for key, note in notes.items():
            if note is None:
                delete(key)
            else:
                put(key, note)
        self._db.write(batch, _without_log)
        if len(known) > _KNOWN_MAX:
            known.clear()
        known.update([key for key, present in index.items() if present])
        self.changelog_offset, self.tallies = changelog_offset, changed
        self._counting = _sum(self._counting, tallies)

    def scan(self, start: bytes, stop: bytes) -> Generator[tuple[bytes, bytes], None, None]:
        """Keys and values from start up to, without, stop, in key order, of the disk as it is now.

        An early end raises, it never shortens.
        """
        options = ReadOptions()
        options.set_iterate_upper_bound(stop)
        return _walk(self._db.iter(options), start)

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
        self._known.clear()
        self._db.delete_range(start, stop, _without_log)

    def sizes(self) -> tuple[int, int]:
        """Bytes of its files, and bytes it takes in memory without the blocks that all stores share."""
        read = self._db.property_int_value
        return read(_FILES) or 0, sum(read(name) or 0 for name in _IN_MEMORY)

    def close(self) -> None:
        """Flush and release the directory."""
        self._end_views()
        self._db.flush()
        self._db.close()

    def destroy(self) -> None:
        """Close and delete the directory: the changelog has it all."""
        self._end_views()
        self._db.close()
        shutil.rmtree(self.directory, ignore_errors=True)


def _walk(iterator: Any, start: bytes) -> Generator[tuple[bytes, bytes], None, None]:
    iterator.seek(start)
    while iterator.valid():
        yield iterator.key(), iterator.value()
        iterator.next()
    iterator.status()


def _sum(tallies: Tallies | None, more: Mapping[bytes, int] | None) -> Tallies | None:
    if tallies is None or more is None:
        return None
    return {tag: tallies.get(tag, 0) + more.get(tag, 0) for tag in tallies.keys() | more.keys()}
