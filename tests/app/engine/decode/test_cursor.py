import io
import struct
from typing import Any

import numpy as np
import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from app.engine.decode.cursor import Content, Cursor


def encoded(schema: str, value: Any) -> bytes:
    out = io.BytesIO()
    schemaless_writer(out, parse_schema(schema), value)
    return out.getvalue()


def over(bodies: list[bytes]) -> tuple[Cursor, list[int]]:
    """A cursor at the start of each body, and where the bodies end."""
    ends = np.cumsum([len(body) for body in bodies], dtype=np.int64)
    starts = ends - np.array([len(body) for body in bodies], np.int64)
    return Cursor(Content(bodies), starts), ends.tolist()


LONGS = st.one_of(st.integers(-(2**55), 2**55 - 1), st.integers(-100, 100))


@given(st.lists(LONGS, min_size=1, max_size=8))
def test_longs_of_up_to_eight_bytes(numbers: list[int]) -> None:
    cursor, ends = over([encoded("long", number) for number in numbers])
    assert cursor.longs().tolist() == numbers
    assert cursor.positions.tolist() == ends
    assert not cursor.bad.any()


def test_longer_varints_are_bad() -> None:
    cursor, _ = over([encoded("long", 2**55), encoded("long", -(2**63)), b"\2", b"\x80" * 20])
    cursor.longs()
    assert cursor.bad.tolist() == [True, True, False, True]


def test_ints_beyond_32_bits_are_bad() -> None:
    cursor, ends = over([encoded("long", number) for number in (2**31 - 1, 2**31, -(2**31), -(2**31) - 1)])
    cursor.ints()
    assert cursor.bad.tolist() == [False, True, False, True]
    assert cursor.positions.tolist() == ends


@given(st.lists(st.text(max_size=90), min_size=1, max_size=6))
def test_spans_of_text(texts: list[str]) -> None:
    cursor, ends = over([encoded("string", text) for text in texts])
    content = cursor._content
    starts, stops = cursor.spans()
    found = [content.text[start:stop].encode("latin-1").decode() for start, stop in zip(starts, stops, strict=True)]
    assert (found, cursor.positions.tolist(), cursor.bad.any()) == (texts, ends, False)


@pytest.mark.parametrize("length", [-1, -(2**50), 2**50, 100])
def test_lengths_out_of_range_end_nowhere_good(length: int) -> None:
    cursor, ends = over([b"\2x", encoded("long", length) + b"x"])
    cursor.spans()
    good = ~cursor.bad & (cursor.positions == ends)
    assert good.tolist() == [True, False]


def test_floating_point_and_booleans() -> None:
    quiet = struct.pack("<I", 0x7F800001)  # a signalling NaN must not warn
    cursor, ends = over([struct.pack("<df?", 1.5, 0.25, True), struct.pack("<d", -1.0) + quiet + b"\2"])
    assert cursor.doubles().tolist() == [1.5, -1.0]
    assert cursor.floats().tolist()[0] == 0.25
    cursor.booleans()
    assert (cursor.positions.tolist(), cursor.bad.tolist()) == (ends, [False, True])


def test_indexes() -> None:
    cursor, _ = over([b"\0", b"\2", b"\4", b"\1", b"\x82\0"])
    assert cursor.indexes(2).tolist() == [0, 1, 0, 0, 0]
    assert cursor.bad.tolist() == [False, False, True, True, True]


def test_some_records_move_alone() -> None:
    cursor, ends = over([b"\2", b"", b"\xff"])
    found = cursor.some(np.array([0, 2]), lambda inner: inner.longs().tolist())
    assert found[0] == 1
    assert cursor.positions.tolist()[:2] == ends[:2]
    assert cursor.bad.tolist() == [False, False, False]


@given(st.lists(st.binary(max_size=12), min_size=1, max_size=4), st.integers(0, 2**32))
def test_who_is_past_the_end_stays_there(bodies: list[bytes], seed: int) -> None:
    cursor, ends = over(bodies)
    moves = [cursor.longs, cursor.spans, cursor.doubles, cursor.floats, cursor.booleans, lambda: cursor.indexes(3)]
    for each in np.random.default_rng(seed).integers(0, len(moves), 256):
        passed = cursor.positions > ends
        moves[each]()
        assert (cursor.positions[passed] > np.array(ends)[passed]).all()
