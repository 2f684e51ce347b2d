"""Avro values of many records at once: one position a record, one numpy operation a step.

Nothing is trusted and nothing raises. A value that is unusual (a varint over 8 bytes) or wrong (a negative length) only
marks its record bad, and a position past its record's end stays past it: a record whose last position is not its own
end has no good values, whatever was read on the way.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
Found = TypeVar("Found")

MAX_INDEXES = 64
MAX_FIELDS = 256
#: One value moves a position no further past the data than this; a string's length is cut off there.
MAX_STEP_BYTES = 16

_HIGH_BITS = np.uint64(0x8080808080808080)
_LOW_BITS = np.uint64(0x7F7F7F7F7F7F7F7F)
_ONE = np.uint64(1)


class Content:
    """Joined bodies as numpy reads them, with room behind them for MAX_FIELDS values."""

    def __init__(self, bodies: list[bytes]) -> None:
        room = (MAX_FIELDS + 2) * MAX_STEP_BYTES
        self.data = joined = b"".join([*bodies, bytes(room)])
        self.octets = np.frombuffer(joined, np.uint8)
        # The eight bytes from every position on, as one number, the first byte lowest.
        self.words: Words = np.ndarray((len(joined) - 7,), "<u8", joined, 0, (1,))
        # Whoever comes here has passed the end of the last record.
        self.limit = len(joined) - room + 1

    @cached_property
    def text(self) -> str:
        """One character a byte: cheaper to slice than bytes are to slice and decode."""
        return self.data.decode("latin-1")


class Cursor:
    """Where each record is read next, and which of them were found bad."""

    def __init__(self, content: Content, positions: Ints) -> None:
        self._content = content
        self.positions = positions
        self.bad: Mask = np.zeros(len(positions), np.bool_)

    def longs(self) -> Ints:
        """Zigzag varints."""
        raw = self._varints()
        return ((raw >> _ONE) ^ -(raw & _ONE)).view(np.int64)

    def ints(self) -> Ints:
        """Zigzag varints of 32 bits."""
        numbers = self.longs()
        self.bad |= numbers != numbers.astype(np.int32)
        return numbers

    def doubles(self) -> Doubles:
        """Eight bytes, little-endian."""
        bits = self._content.words[self.positions]
        self.positions = self.positions + 8
        return bits.view(np.float64)

    def floats(self) -> Doubles:
        """Four bytes, little-endian."""
        bits = self._content.words[self.positions].astype(np.uint32)
        self.positions = self.positions + 4
        with np.errstate(all="ignore"):
            return bits.view(np.float32).astype(np.float64)

    def booleans(self) -> None:
        """One byte, 0 or 1."""
        self.bad |= self._content.octets[self.positions] > 1
        self.positions = self.positions + 1

    def spans(self) -> tuple[Ints, Ints]:
        """Where strings or bytes start and stop."""
        raw = self._varints()
        self.bad |= (raw & _ONE).astype(np.bool_)
        starts = self.positions
        stops = starts + (raw >> _ONE).view(np.int64)
        self.positions = np.minimum(stops, self._content.limit)
        return starts, stops

    def indexes(self, count: int) -> Ints:
        """Indexes of symbols or branches below count, which is at most MAX_INDEXES; 0 in bad records."""
        raw = self._content.octets[self.positions]
        self.positions = self.positions + 1
        wrong = (raw & 1 != 0) | (raw >= 2 * count)
        if wrong.any():
            self.bad |= wrong
            raw = np.where(wrong, 0, raw)
        return (raw >> 1).astype(np.int64)

    def some(self, rows: Ints, read: Callable[["Cursor"], Found]) -> Found:
        """What `read` finds in the records at the indexes `rows` alone."""
        inner = Cursor(self._content, self.positions[rows])
        found = read(inner)
        self.positions[rows] = inner.positions
        self.bad[rows] |= inner.bad
        return found

    def _varints(self) -> Words:
        raw = self._content.words[self.positions]
        if not (raw & np.uint64(0x80)).any():
            self.positions = self.positions + 1
            return raw & np.uint64(0x7F)
        ends = ~raw & _HIGH_BITS
        self.bad |= ends == 0
        # All bits below the end bit of the lowest byte that has one; all there are where none has.
        within = (ends & -ends) - _ONE
        self.positions = self.positions + ((np.bitwise_count(within).astype(np.int64) + 1) >> 3)
        raw &= within & _LOW_BITS
        raw = (raw & np.uint64(0x007F007F007F007F)) | ((raw & np.uint64(0x7F007F007F007F00)) >> _ONE)
        raw = (raw & np.uint64(0x00003FFF00003FFF)) | ((raw & np.uint64(0x3FFF00003FFF0000)) >> np.uint64(2))
        return (raw & np.uint64(0x0FFFFFFF)) | ((raw & np.uint64(0x0FFFFFFF00000000)) >> np.uint64(4))
