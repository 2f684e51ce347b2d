"""Record batches unpacked within bounds: at once where they are small, else piece by piece.

A batch of 6 kB may unpack to 200 MB, and one of a megabyte to 30 GB: the broker's max.message.bytes bounds what is
packed. aiokafka unpacks whatever comes, in one piece.
"""

import io
import threading
import zlib
from collections.abc import Iterator
from typing import Final

import cramjam
import lz4.frame
import zstandard

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)
#: What is unpacked at once.
SMALL_BYTES: Final = 8 << 20
PIECE_BYTES: Final = 1 << 20
#: Streams that need more memory than this to be unpacked are refused, as Kafka's own consumers do.
_WINDOW_BYTES_MAX: Final = 128 << 20
#: So many bytes at most come out of one; of what other codecs make of one there is more to say.
BEST_RATIO: Final = {NONE: 1, SNAPPY: 22}
_INTO = {GZIP: cramjam.gzip.decompress_into, LZ4: cramjam.lz4.decompress_into, ZSTD: cramjam.zstd.decompress_into}
_XERIAL = b"\x82SNAPPY\0"
_XERIAL_HEAD_BYTES = 16

_rooms = threading.local()


def small(codec: int, packed: memoryview) -> bytes | None:
    """All that is in it; None where that is more than SMALL_BYTES."""
    if codec == SNAPPY:
        return b"".join(pieces(codec, packed)) if _snappy_bytes(packed) <= SMALL_BYTES else None
    try:
        room = _rooms.bytes
    except AttributeError:
        room = _rooms.bytes = bytearray(SMALL_BYTES)
    try:
        return bytes(memoryview(room)[: _INTO[codec](packed, room)])
    except Exception:  # too large; where it is broken, unpacking it piece by piece says so
        return None


def pieces(codec: int, packed: memoryview) -> Iterator[bytes]:
    """All that is in it, in pieces of PIECE_BYTES at most (snappy: of its own blocks)."""
    return _STREAMS[codec](packed)


def _as_it_is(packed: memoryview) -> Iterator[bytes]:
    for at in range(0, len(packed), PIECE_BYTES):
        yield bytes(packed[at : at + PIECE_BYTES])


def _gzip(packed: memoryview) -> Iterator[bytes]:
    stream = zlib.decompressobj(wbits=31)
    for at in range(0, len(packed), 1 << 14):
        left: bytes | memoryview = packed[at : at + (1 << 14)]
        while left:
            yield stream.decompress(left, PIECE_BYTES)
            left = stream.unconsumed_tail


def _lz4(packed: memoryview) -> Iterator[bytes]:
    stream = lz4.frame.LZ4FrameDecompressor()
    for at in range(0, len(packed), 1 << 14):
        if stream.eof:
            return
        yield stream.decompress(packed[at : at + (1 << 14)], max_length=PIECE_BYTES)
        while not stream.needs_input and not stream.eof:
            yield stream.decompress(b"", max_length=PIECE_BYTES)


def _zstd(packed: memoryview) -> Iterator[bytes]:
    unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES_MAX)
    with unpacker.stream_reader(io.BytesIO(packed), read_across_frames=True) as stream:
        while piece := stream.read(PIECE_BYTES):
            yield piece


def _snappy(packed: memoryview) -> Iterator[bytes]:
    for block in _snappy_blocks(packed):
        yield bytes(cramjam.snappy.decompress_raw(block))


def _snappy_blocks(packed: memoryview) -> Iterator[memoryview]:
    """A stream of xerial's blocks, as Java and aiokafka write it, or one block."""
    if bytes(packed[: len(_XERIAL)]) != _XERIAL:
        yield packed
        return
    at = _XERIAL_HEAD_BYTES
    while at < len(packed):
        size = int.from_bytes(packed[at : at + 4], "big")
        yield packed[at + 4 : at + 4 + size]
        at += 4 + size


def _snappy_bytes(packed: memoryview) -> int:
    return sum(cramjam.snappy.decompress_raw_len(block) for block in _snappy_blocks(packed))


_STREAMS = {NONE: _as_it_is, GZIP: _gzip, SNAPPY: _snappy, LZ4: _lz4, ZSTD: _zstd}
