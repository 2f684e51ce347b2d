"""Composite keys as bytes whose order is the order of their parts.

A text part is UTF-8 with NUL escaped as 00 FF and, unless it is the last part, ended by 00 00, so code point order
is kept; a number part is 8 bytes big-endian with the sign bit flipped, so negative numbers sort first.
"""

import struct
from collections.abc import Callable
from typing import NamedTuple

_SIGN = 1 << 63
_pack_number = struct.Struct(">Q").pack
_unpack_number = struct.Struct(">Q").unpack_from

Part = str | int


def packed_number(value: int) -> bytes:
    """A number part: 8 bytes that sort as the numbers do."""
    return _pack_number(value + _SIGN)


def unpacked_number(data: bytes) -> int:
    """The number whose 8 bytes begin the data; missing bytes count as zero."""
    return int(_unpack_number(data[:8].ljust(8, b"\0"))[0]) - _SIGN


class KeyFormat(NamedTuple):
    """The shape of a table's keys: one tag byte, then parts of type str or int."""

    tag: bytes
    parts: tuple[type, ...]

    def pack(self, *values: Part) -> bytes:
        """Bytes of a whole key, or of its leading parts where fewer values are given."""
        last = len(self.parts) - 1
        return self.tag + b"".join([_packed(value, i == last) for i, value in enumerate(values)])

    def unpack(self, key: bytes) -> tuple[Part, ...]:
        """The parts of a whole key."""
        at, values = len(self.tag), []
        last = len(self.parts) - 1
        for i, kind in enumerate(self.parts):
            if kind is int:
                values.append(_unpack_number(key, at)[0] - _SIGN)
                at += 8
            else:
                stop = len(key) if i == last else _end_of_text(key, at)
                values.append(key[at:stop].replace(b"\0\xff", b"\0").decode())
                at = stop + 2
        return tuple(values)

    def span(self, *leading: Part) -> tuple[bytes, bytes]:
        """First key and the key behind the last one that begin with these parts."""
        start = self.pack(*leading)
        return start, _behind(start)


def _packed(value: Part, last: bool) -> bytes:
    if isinstance(value, int):
        return packed_number(value)
    text = value.encode()
    if b"\0" in text:
        text = text.replace(b"\0", b"\0\xff")
    return text if last else text + b"\0\0"


def _end_of_text(key: bytes, at: int) -> int:
    return key.index(b"\0\0", at)


def _behind(prefix: bytes) -> bytes:
    """The smallest key greater than every key that begins with the prefix."""
    trimmed = prefix.rstrip(b"\xff")
    return trimmed[:-1] + bytes([trimmed[-1] + 1])


def text_pair_packer(tag: bytes) -> Callable[[str, str], bytes]:
    """A fast packer for keys of two text parts: the hot path of the stock table."""

    leading, most = tag.decode("ascii"), tag.count(b"\0") + 2

    def pack(first: str, second: str) -> bytes:
        joined = f"{leading}{first}\0\0{second}"
        if joined.count("\0") != most:
            return KeyFormat(tag, (str, str)).pack(first, second)
        return joined.encode()

    return pack
