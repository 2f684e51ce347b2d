"""Records as aiokafka's parser makes them, without the copy into a ConsumerRecord that costs half of reading; and no
more of them at a time than memory should hold, whatever their batches unpack to.

A consumer made with `key_deserializer=AS_PARSED` gets records with offset, timestamp, key, value and headers, and
nothing else, values beyond what a dead letter holds cut; with WHOLE, none is cut. Other consumers in the process get
what aiokafka always gives.
"""

from collections.abc import Iterator
from itertools import islice
from struct import Struct
from typing import Any, Final, NamedTuple

from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.memory_records import MemoryRecords

from app.engine.large_batch import (
    ATTRIBUTES_AT,
    CODEC_MASK,
    HEADER_BYTES,
    LargeBatch,
    bytes_in_hand,
)
from app.engine.unpack import BEST_RATIO, NONE, SMALL_BYTES, small

#: Unpacked bytes, as many as they can be, after which a look leaves the rest for the next one: of a partition, of all.
TAKEN_BYTES_MAX: Final = 4 << 20
LOOK_BYTES_MAX: Final = 32 << 20
#: Bytes of large records, of all partitions, that may be waiting at a time for their turn.
IN_HAND_BYTES_MAX: Final = 64 << 20
_length = Struct(">i")
_OVERHEAD_BYTES = 12  # a batch's offset and length, which the length leaves out
_MAGIC_AT, _MAGIC = 16, 2


class Fetched(NamedTuple):
    """Everything a source partition holds for us in the offsets [start, stop)."""

    start: int
    stop: int
    records: list[Any]


#: Of the look at source partitions that goes on: bytes taken, and whether a large record was left in its midst.
_taken_bytes = [0]
_midst = [False]


def begin_look() -> bool:
    """A look at all source partitions begins; whether the last one left a large record in its midst: then this one is
    not to wait for the broker."""
    _taken_bytes[0] = 0
    found, _midst[0] = _midst[0], False
    return found


def AS_PARSED(key: Any) -> Any:  # noqa: N802 - a constant that happens to be callable, as aiokafka wants it
    """The key, unchanged."""
    return key


def WHOLE(key: Any) -> Any:  # noqa: N802 - like the one above
    """The key, unchanged; nothing is cut."""
    return key


class _MemoryRecords:
    """aiokafka's, with the bytes of each batch."""

    def __init__(self, raw: bytes) -> None:
        self._inner = MemoryRecords(raw)
        self._raw, self._start, self._stop = raw, 0, 0
        self.has_next, self.size_in_bytes = self._inner.has_next, self._inner.size_in_bytes

    def next_batch(self) -> Any:
        """The next batch."""
        return self.next_measured()[0]

    def next_measured(self) -> tuple[Any, int, int]:
        """The next batch, how many bytes it takes as it is, and its codec (meant for message format 2)."""
        start = self._start = self._stop
        (length,) = _length.unpack_from(self._raw, start + 8)
        self._stop = start + _OVERHEAD_BYTES + length
        return self._inner.next_batch(), _OVERHEAD_BYTES + length, self._raw[start + ATTRIBUTES_AT] & CODEC_MASK

    def packed(self) -> memoryview:
        """The last batch as it is."""
        return memoryview(self._raw)[self._start : self._stop]


class _PartitionRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    _records: Any
    _batch: Any = None
    _left: Iterator[Any] | None = None
    _large: LargeBatch | None = None
    _bytes = 0
    _broken: Exception | None = None

    def take(self, most: int) -> tuple[list[Any], bool]:
        """Up to so many records, fewer where they are large; and whether there may be more.

        CorruptRecordException where the next one can't be read: it is fetched again, with all behind it.
        """
        taken: list[Any] = []
        if self._broken is None:
            try:
                return taken, self._take(taken, most)
            except Exception as error:
                self._broken = error
        if taken:
            return taken, True
        broken, self._broken = self._broken, None
        self._records, self._batch, self._left, self._large = MemoryRecords(b""), None, None, None
        raise CorruptRecordException(f"a record batch of {self._tp} can't be read") from broken

    def _take(self, taken: list[Any], most: int) -> bool:
        is_source = self._key_deserializer is AS_PARSED
        if is_source and _taken_bytes[0] >= LOOK_BYTES_MAX:
            return True
        size = 0
        while len(taken) < most and size < TAKEN_BYTES_MAX:
            if self._batch is None and not self._open_next():
                break
            if self._large is not None:
                if not taken:
                    self._take_large(taken, most)
                return True
            size += self._bytes
            self._bytes = 0
            self._take_small(taken, most)
        if is_source:
            _taken_bytes[0] += size
        return self._batch is not None or bool(self._records.has_next())

    def _open_next(self) -> bool:
        """Go to the next batch with data that count; False at the end."""
        records, committed_only = self._records, self._isolation_level == fetcher.READ_COMMITTED
        while records.has_next():
            batch, size, codec = records.next_measured()
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            is_aborted = committed_only and self._is_aborted(batch)
            if batch.is_control_batch or is_aborted:
                self.next_fetch_offset = batch.next_offset
                continue
            self._batch, self._bytes = batch, size * BEST_RATIO.get(codec, 0)
            # One list() is all that an ordinary batch takes; it refuses a second one.
            self._left = None if 0 < self._bytes <= SMALL_BYTES else self._opened(codec, records.packed())
            return True
        return False

    def _is_aborted(self, batch: Any) -> bool:
        """To be asked of every batch, markers too: one may be all that is there of an aborted transaction. What it had
        was read before, or compacted away."""
        if batch.producer_id is None:
            return False
        self._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch and self._contains_abort_marker(batch):
            self._aborted_producers.discard(batch.producer_id)
        return bool(batch.is_transactional) and batch.producer_id in self._aborted_producers

    def _opened(self, codec: int, packed: memoryview) -> Iterator[Any] | None:
        """The records of a batch that may unpack to much; None where there is no other way to read it."""
        if packed[_MAGIC_AT] != _MAGIC:
            return None
        unpacked = None if codec == NONE else small(codec, packed[HEADER_BYTES:])
        if unpacked is None:
            self._large = LargeBatch(packed, cuts=self._key_deserializer is AS_PARSED)
            return None
        head = bytearray(packed[:HEADER_BYTES])
        head[ATTRIBUTES_AT] &= ~CODEC_MASK & 0xFF
        self._bytes = len(unpacked)
        return islice(DefaultRecordBatch(bytes(head) + unpacked), None)

    def _take_small(self, taken: list[Any], most: int) -> None:
        wanted = most - len(taken)
        if self._left is None:
            found = list(self._batch)
            if len(found) > wanted:
                self._left, found = iter(found[wanted:]), found[:wanted]
        else:
            found = list(islice(self._left, wanted))
        if found:
            first, self.next_fetch_offset = self.next_fetch_offset, found[-1].offset + 1
            # A fetch begins with the whole batch that holds its offset.
            taken += found if found[0].offset >= first else [record for record in found if record.offset >= first]
        if self._left is None or len(found) < wanted:
            self._close()

    def _take_large(self, taken: list[Any], most: int) -> None:
        large = self._large
        assert large is not None
        # Changelogs go to disk as they are read, whatever else waits.
        in_hand = bytes_in_hand() if self._key_deserializer is AS_PARSED else 0
        while large.left > 0 and len(taken) < most and in_hand < IN_HAND_BYTES_MAX:
            record = next(large.records)
            if record is None:
                _midst[0] = True
                break
            if record.offset >= self.next_fetch_offset:
                self.next_fetch_offset = record.offset + 1
                taken.append(record)
                in_hand += record.size
        if large.left <= 0:
            self._close()

    def _close(self) -> None:
        # The last offset of a batch counts even where its record is compacted away.
        self.next_fetch_offset = self._batch.next_offset
        self._batch = self._left = self._large = None


class _FetchResult(fetcher.FetchResult):  # type: ignore[misc]
    _partition_records: Any

    def getall(self, max_records: int | None = None) -> list[Any]:
        records = self._partition_records
        if max_records is None or not self.has_more() or records._key_deserializer not in (AS_PARSED, WHOLE):
            return super().getall(max_records)  # type: ignore[no-any-return]
        if not self.check_assignment(self._topic_partition):
            return []
        taken: list[Any]
        taken, more = records.take(max_records)
        self._update_position()
        if not more:
            self._partition_records = None
        return taken


fetcher.MemoryRecords = _MemoryRecords
fetcher.PartitionRecords = _PartitionRecords
fetcher.FetchResult = _FetchResult
