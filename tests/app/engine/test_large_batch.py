import hashlib

import pytest
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from app.delivery.dead_letters import KEY_BYTES_MAX, VALUE_BYTES_MAX, Cut
from app.engine.large_batch import STEP_BYTES, LargeBatch, LargeRecord, bytes_in_hand
from app.engine.unpack import ZSTD


def batch(*records: tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]) -> memoryview:
    builder = DefaultRecordBatchBuilder(2, ZSTD, False, -1, -1, -1, 1 << 30)
    for n, (key, value, headers) in enumerate(records):
        builder.append(n, 1_000 + n, key, value, headers)
    return memoryview(bytes(builder.build()))


def read(raw: memoryview, *, cuts: bool = True) -> list[LargeRecord]:
    return [record for record in LargeBatch(raw, cuts=cuts).records if record is not None]


def test_records_are_what_was_written() -> None:
    written = [
        (b"k", b"v" * 5_000_000, [("a", b"1"), ("b", None)]),
        (None, None, []),
        (b"", b"", [("", b"")]),
        ("ключ".encode(), b"v", []),
    ]
    found = read(batch(*written))
    assert [(record.key, record.value, record.headers) for record in found] == written
    assert [(record.offset, record.timestamp) for record in found] == [(n, 1_000 + n) for n in range(4)]


def test_what_no_letter_holds_is_cut_with_length_and_digest() -> None:
    value, key = b"v" * (VALUE_BYTES_MAX + 1), b"k" * (KEY_BYTES_MAX + 1)
    (record,) = read(batch((key, value, [])))
    for cut, whole in ((record.key, key), (record.value, value)):
        assert isinstance(cut, Cut)
        assert (len(cut), cut.digest) == (len(whole), hashlib.sha256(whole).hexdigest())
        assert bytes(cut[:2_000]) == whole[:1_024]
    (record,) = read(batch((key, value, [])), cuts=False)
    assert (record.key, record.value) == (key, value)


def test_others_get_their_turn_while_a_large_value_is_read() -> None:
    steps = list(LargeBatch(batch((b"k", bytes(5 * STEP_BYTES), [])), cuts=True).records)
    assert steps.count(None) >= 4


def test_headers_beyond_reason_are_left_out() -> None:
    headers: list[tuple[str, bytes | None]] = [(f"h{n}", b"v") for n in range(1_000)]
    (record,) = read(batch((b"k", b"v", [("long", bytes(1 << 20)), *headers])))
    assert record.headers == headers[:63]


def test_what_is_in_hand_is_counted_until_it_is_let_go() -> None:
    before = bytes_in_hand()
    found = read(batch((b"k", b"v" * 99, [])))
    assert bytes_in_hand() == before + 100
    del found
    assert bytes_in_hand() == before


def test_a_batch_that_ends_too_early_is_corrupt() -> None:
    raw = bytearray(batch((b"k", b"v", [])))
    raw[57:61] = (2).to_bytes(4, "big")
    with pytest.raises(CorruptRecordException):
        read(memoryview(bytes(raw)))
