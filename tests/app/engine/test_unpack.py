import tracemalloc

import cramjam
import lz4.frame
import pytest
from aiokafka import codec as aiokafkas

from app.engine.unpack import BEST_RATIO, GZIP, LZ4, NONE, PIECE_BYTES, SMALL_BYTES, SNAPPY, ZSTD, pieces, small


def lz4_frame(data: bytes, *, linked: bool = False) -> bytes:
    return lz4.frame.compress(data, block_linked=linked)


def unpacked(codec: int, packed: bytes) -> bytes:
    return b"".join(pieces(codec, memoryview(packed)))


PACK = {
    "none": (NONE, bytes),
    "gzip": (GZIP, lambda data: bytes(cramjam.gzip.compress(data))),
    "snappy blocks": (SNAPPY, aiokafkas.snappy_encode),
    "snappy alone": (SNAPPY, lambda data: bytes(cramjam.snappy.compress_raw(data))),
    "lz4": (LZ4, lz4_frame),
    "lz4 linked": (LZ4, lambda data: lz4_frame(data, linked=True)),
    "zstd": (ZSTD, lambda data: bytes(cramjam.zstd.compress(data))),
}
DATA = [b"", b"x", b"some text, some text, some text", bytes(range(256)) * 20_000]


@pytest.mark.parametrize("how", PACK)
@pytest.mark.parametrize("data", DATA, ids=len)
def test_what_was_packed_comes_back_in_pieces_and_at_once(how: str, data: bytes) -> None:
    codec, pack = PACK[how]
    packed = pack(data)
    assert unpacked(codec, packed) == data
    if codec != NONE:
        assert small(codec, memoryview(packed)) == data


@pytest.mark.parametrize("how", [how for how, (codec, _) in PACK.items() if codec != NONE])
def test_more_than_is_small_is_not_unpacked_at_once(how: str) -> None:
    codec, pack = PACK[how]
    assert small(codec, memoryview(pack(bytes(SMALL_BYTES)))) == bytes(SMALL_BYTES)
    assert small(codec, memoryview(pack(bytes(SMALL_BYTES + 1)))) is None


@pytest.mark.parametrize("how", ["gzip", "lz4", "lz4 linked", "zstd"])
def test_a_bomb_takes_no_more_memory_than_its_pieces(how: str) -> None:
    codec, pack = PACK[how]
    packed = memoryview(pack(bytes(100 * PIECE_BYTES)))
    tracemalloc.start()
    size = sum(map(len, pieces(codec, packed)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == 100 * PIECE_BYTES
    assert peak < 16 * PIECE_BYTES


def test_no_snappy_unpacks_to_more_than_its_ratio() -> None:
    for raw in (b"x" * SMALL_BYTES, b"xy" * 50_000, bytes(7) * 9_000):
        assert len(cramjam.snappy.compress_raw(raw)) * BEST_RATIO[SNAPPY] >= len(raw)
