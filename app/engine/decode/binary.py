"""Avro's binary encoding of one record, value by value. A read past the end is an IndexError or an Unfit."""

import struct
from collections.abc import Callable
from typing import Any, Final

from app.engine.decode.shape import MAX_DEPTH, Shape, Unfit

#: Reads one value at a position: (data, position) -> (value, position behind it).
Read = Callable[[bytes, int], tuple[Any, int]]

INT_MAX: Final = 2**31 - 1
LONG_MAX: Final = 2**63 - 1
MAX_SKIPPED = 1_000_000  # items of arrays and maps we don't use, in one field
ENDS_EARLY: Final = "ends too early"


def read_long(data: bytes, position: int) -> tuple[int, int]:
    """A zigzag varint of at most ten bytes and 64 bits."""
    byte = data[position]
    position += 1
    number, shift = byte & 0x7F, 7
    while byte > 0x7F:
        if shift > 63:
            raise Unfit("is a varint over 10 bytes")
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        shift += 7
    if number >> 64:
        raise Unfit("is beyond 64 bits")
    return (number >> 1) ^ -(number & 1), position


def read_int(data: bytes, position: int) -> tuple[int, int]:
    """A zigzag varint that fits 32 bits."""
    number, position = read_long(data, position)
    if not -INT_MAX - 1 <= number <= INT_MAX:
        raise Unfit("is beyond 32 bits")
    return number, position


def read_bytes(data: bytes, position: int) -> tuple[bytes, int]:
    """Bytes behind their length."""
    length, position = read_long(data, position)
    if length < 0:
        raise Unfit("has a negative length")
    end = position + length
    if end > len(data):
        raise Unfit(ENDS_EARLY)
    return data[position:end], end


def read_string(data: bytes, position: int) -> tuple[str, int]:
    """UTF-8 text behind its length in bytes."""
    content, position = read_bytes(data, position)
    try:
        return content.decode(), position
    except UnicodeDecodeError:
        raise Unfit("is not UTF-8") from None


def read_double(data: bytes, position: int) -> tuple[float, int]:
    """Eight bytes, little-endian."""
    return _unpacked("<d", data, position, 8)


def read_float(data: bytes, position: int) -> tuple[float, int]:
    """Four bytes, little-endian."""
    return _unpacked("<f", data, position, 4)


def read_null(_data: bytes, position: int) -> tuple[None, int]:
    """No bytes."""
    return None, position


def read_boolean(data: bytes, position: int) -> tuple[bool, int]:
    """One byte, 0 or 1."""
    byte = data[position]
    if byte > 1:
        raise Unfit("is no boolean")
    return byte == 1, position + 1


def read_index(data: bytes, position: int, count: int) -> tuple[int, int]:
    """The index of a union's branch or an enum's symbol, below count."""
    index, position = read_long(data, position)
    if not 0 <= index < count:
        raise Unfit("has an index out of range")
    return index, position


def skipping(shape: Shape) -> Read:
    """A read that goes past a value of any type and makes nothing of it."""
    return lambda data, position: (None, _Skip(data).past(shape, position, 0))


def _unpacked(form: str, data: bytes, position: int, size: int) -> tuple[float, int]:
    if position + size > len(data):
        raise Unfit(ENDS_EARLY)
    return struct.unpack_from(form, data, position)[0], position + size


_SIMPLE: Final[dict[str, Read]] = {
    "boolean": read_boolean,
    "int": read_int,
    "long": read_long,
    "float": read_float,
    "double": read_double,
    "bytes": read_bytes,
    "string": read_string,
}


class _Skip:
    """Goes past one value, within a depth and a number of items; what takes no bytes takes no time."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._items_left = MAX_SKIPPED

    def past(self, shape: Shape, position: int, depth: int) -> int:
        if depth > MAX_DEPTH:
            raise Unfit("is nested too deep")
        if shape.empty:
            return position
        simple = _SIMPLE.get(shape.kind)
        if simple is not None:
            return simple(self._data, position)[1]
        match shape.kind:
            case "enum":
                return read_index(self._data, position, len(shape.symbols))[1]
            case "union":
                index, position = read_index(self._data, position, len(shape.branches))
                return self.past(shape.branches[index], position, depth + 1)
            case "record":
                for each in shape.fields:
                    position = self.past(each.shape, position, depth + 1)
                return position
            case "array" | "map":
                return self._past_blocks(shape, position, depth)
        if position + shape.size > len(self._data):
            raise Unfit(ENDS_EARLY)
        return position + shape.size

    def _past_blocks(self, shape: Shape, position: int, depth: int) -> int:
        assert shape.items is not None
        counts_only = shape.kind == "array" and shape.items.empty
        while True:
            count, position = read_long(self._data, position)
            if count < 0:
                count = -count
                position = read_long(self._data, position)[1]
            if count == 0:
                return position
            if counts_only:
                continue
            self._items_left -= count
            if self._items_left < 0:
                raise Unfit("has over a million items")
            for _ in range(count):
                if shape.kind == "map":
                    position = read_string(self._data, position)[1]
                position = self.past(shape.items, position, depth + 1)
