"""Record batches that unpack to much, read record by record from a stream: only what is kept is ever in memory.

A value beyond what a dead letter holds is cut on the way: its first bytes stay, its length and its SHA-256.
"""

import struct
import weakref
from collections.abc import Generator, Iterator
from hashlib import sha256
from io import BytesIO
from threading import RLock
from typing import Any

from aiokafka.errors import CorruptRecordException

from app.delivery.dead_letters import KEPT_BYTES, KEY_BYTES_MAX, VALUE_BYTES_MAX, Cut
from app.engine.unpack import pieces

HEADER_BYTES = 61
#: The low byte of a batch's attributes, and the bits in it that name the codec.
ATTRIBUTES_AT, CODEC_MASK = 22, 0x07
_LOG_APPEND_TIME = 0x08
_head = struct.Struct(">q i i b I h i q q q h i i")
#: Bytes unpacked in one go; in between other work gets its turn.
STEP_BYTES = 16 << 20
_HEADERS_KEPT = 64
_UNBOUNDED = 1 << 62
_HEADER_BYTES_MAX = 4_096

#: Bytes of large records that somebody still holds; the consumer's thread adds what the event loop's lets go.
_in_hand = [0]
_counting = RLock()


def bytes_in_hand() -> int:
    """What the records that were read from large batches, and are not done with yet, take together."""
    return _in_hand[0]


def _count(size: int) -> None:
    with _counting:
        _in_hand[0] += size


class LargeRecord:
    """A record as aiokafka's parser makes them; key and value may be Cut. size: bytes of both that are there."""

    __slots__ = ("__weakref__", "checksum", "headers", "key", "offset", "size", "timestamp", "timestamp_type", "value")

    def __init__(self, offset: int, timestamp: int, key: bytes | None, value: bytes | None, headers: Any) -> None:
        self.offset, self.timestamp, self.key, self.value, self.headers = offset, timestamp, key, value, headers
        self.timestamp_type, self.checksum = 0, None
        self.size = sum(bytes.__len__(part) for part in (key, value) if part)
        _count(self.size)
        weakref.finalize(self, _count, -self.size)


class LargeBatch:
    """The records of a batch (message format 2), one at a time."""

    def __init__(self, raw: memoryview, *, cuts: bool) -> None:
        self._key_max, self._value_max = (KEY_BYTES_MAX, VALUE_BYTES_MAX) if cuts else (_UNBOUNDED, _UNBOUNDED)
        fields = _head.unpack_from(raw)
        self._offset, self._attributes, self._times = fields[0], fields[5], fields[7:9]
        self._stream = _Stream(pieces(self._attributes & CODEC_MASK, raw[HEADER_BYTES:]))
        #: How many records are still to come.
        self.left: int = fields[12]
        #: Each record; None in between where it takes long.
        self.records = self._each()

    def _each(self) -> Generator[LargeRecord | None, None, None]:
        stream = self._stream
        while self.left > 0:
            stream.varint()  # the record's length
            stream.take(1)
            timestamp = self._times[0] + stream.varint()
            if self._attributes & _LOG_APPEND_TIME:
                timestamp = self._times[1]
            offset = self._offset + stream.varint()
            key = yield from stream.bounded(stream.varint(), self._key_max)
            value = yield from stream.bounded(stream.varint(), self._value_max)
            headers = yield from self._headers()
            self.left -= 1
            yield LargeRecord(offset, timestamp, key, value, headers)
            key = value = None

    def _headers(self) -> Generator[None, None, list[tuple[str, bytes | None]]]:
        kept: list[tuple[str, bytes | None]] = []
        for n in range(self._stream.varint()):
            name = yield from self._stream.bounded(self._stream.varint(), _HEADER_BYTES_MAX)
            value = yield from self._stream.bounded(self._stream.varint(), _HEADER_BYTES_MAX)
            if n < _HEADERS_KEPT and not isinstance(name, Cut) and not isinstance(value, Cut):
                kept.append(((name or b"").decode("utf-8", "replace"), value))
        return kept


class _Stream:
    """Bytes of a stream of pieces."""

    def __init__(self, found: Iterator[bytes]) -> None:
        self._pieces = found
        self._piece = b""
        self._at = 0
        self._since_step = 0

    def take(self, most: int) -> bytes:
        """Some bytes, at most so many; CorruptRecordException at the end."""
        while self._at == len(self._piece):
            piece = next(self._pieces, None)
            if piece is None:
                raise CorruptRecordException("a record batch ends too early")
            self._piece, self._at = piece, 0
            self._since_step += len(piece)
        found = self._piece[self._at : self._at + most]
        self._at += len(found)
        return found

    def varint(self) -> int:
        """A zigzag varint of at most ten bytes."""
        number = 0
        for shift in range(0, 70, 7):
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << shift
            if byte <= 0x7F:
                return (number >> 1) ^ -(number & 1)
        raise CorruptRecordException("a varint of a record batch has over 10 bytes")

    def bounded(self, length: int, most: int) -> Generator[None, None, bytes | None]:
        """So many bytes (None for -1), cut where they are more than most; None in between where it takes long."""
        if length < 0:
            return None
        kept, digest, left = BytesIO(), sha256() if length > most else None, length
        while left:
            found = self.take(left)
            left -= len(found)
            if digest is not None:
                digest.update(found)
                found = found[: max(KEPT_BYTES - kept.tell(), 0)]
            kept.write(found)
            if self._since_step > STEP_BYTES:
                self._since_step = 0
                yield
        return kept.getvalue() if digest is None else Cut.of(kept.getvalue(), length, digest.hexdigest())
