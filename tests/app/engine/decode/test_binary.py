import io
import struct
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from app.engine.decode import binary
from app.engine.decode.shape import MAX_DEPTH, Unfit, parse


def encoded(schema: Any, value: Any) -> bytes:
    out = io.BytesIO()
    schemaless_writer(out, parse_schema(schema), value)
    return out.getvalue()


@given(st.integers(-(2**63), 2**63 - 1), st.binary(max_size=3))
def test_longs(number: int, behind: bytes) -> None:
    data = encoded("long", number)
    assert binary.read_long(data + behind, 0) == (number, len(data))


@given(st.integers(-(2**63), 2**63 - 1))
def test_ints_fit_32_bits(number: int) -> None:
    data = encoded("long", number)
    if -(2**31) <= number < 2**31:
        assert binary.read_int(data, 0) == (number, len(data))
    else:
        with pytest.raises(Unfit, match="32 bits"):
            binary.read_int(data, 0)


def test_padded_varints_are_read_up_to_ten_bytes() -> None:
    assert binary.read_long(b"\x82" + b"\x80" * 8 + b"\0", 0) == (1, 10)
    with pytest.raises(Unfit, match="10 bytes"):
        binary.read_long(b"\x82" + b"\x80" * 9 + b"\0", 0)
    with pytest.raises(Unfit, match="64 bits"):
        binary.read_long(b"\xff" * 9 + b"\2", 0)


@given(st.text(max_size=20), st.binary(max_size=3))
def test_strings(text: str, behind: bytes) -> None:
    data = encoded("string", text)
    assert binary.read_string(data + behind, 0) == (text, len(data))


@pytest.mark.parametrize("data", [b"", b"\2", b"\x80", b"\1", b"\2\xff", b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1"])
def test_broken_strings(data: bytes) -> None:
    with pytest.raises((Unfit, IndexError)):
        binary.read_string(data, 0)


def test_floating_point() -> None:
    data = struct.pack("<df", 1.5, 0.25)
    assert binary.read_double(data, 0) == (1.5, 8)
    assert binary.read_float(data, 8) == (0.25, 12)
    for read in (binary.read_double, binary.read_float):
        with pytest.raises(Unfit, match="early"):
            read(data, 9)


def test_nulls_booleans_and_indexes() -> None:
    assert binary.read_null(b"", 0) == (None, 0)
    assert [binary.read_boolean(b"\0\1", at) for at in (0, 1)] == [(False, 1), (True, 2)]
    with pytest.raises(Unfit):
        binary.read_boolean(b"\2", 0)
    assert binary.read_index(b"\2", 0, 2) == (1, 1)
    for outside in (b"\4", b"\1"):
        with pytest.raises(Unfit):
            binary.read_index(outside, 0, 2)


SKIPPED: list[tuple[Any, Any]] = [
    ("null", None),
    ("boolean", True),
    ("int", -5),
    ("long", 2**62),
    ("float", 1.0),
    ("double", 1.0),
    ("bytes", b"\xff"),
    ("string", "ก"),
    ({"type": "enum", "name": "E", "symbols": ["A", "B"]}, "B"),
    ({"type": "fixed", "name": "F", "size": 3}, b"abc"),
    ({"type": "array", "items": ["null", "string"]}, [None, "x"] * 3),
    ({"type": "array", "items": "null"}, [None] * 1000),
    ({"type": "map", "values": {"type": "map", "values": "null"}}, {"a": {"b": None}}),
    ({"type": "record", "name": "L", "fields": [{"name": "next", "type": ["null", "L"]}]}, {"next": {"next": None}}),
]


@pytest.mark.parametrize(("schema", "value"), SKIPPED)
def test_any_type_is_skipped_to_its_end(schema: Any, value: Any) -> None:
    data = encoded(schema, value)
    skip = binary.skipping(parse(schema))
    assert skip(b"x" + data + b"x", 1) == (None, len(data) + 1)
    for end in range(len(data)):
        with pytest.raises((Unfit, IndexError)):
            skip(data[:end], 0)


def test_blocks_may_say_how_long_they_are() -> None:
    skip = binary.skipping(parse({"type": "array", "items": "int"}))
    assert skip(b"\3\4\2\2\2\2\0", 0) == (None, 7)


def test_data_may_nest_up_to_the_limit() -> None:
    schema = SKIPPED[-1][0]
    skip = binary.skipping(parse(schema))
    assert skip(b"\2" * (MAX_DEPTH // 2 - 1) + b"\0", 0)[1] == MAX_DEPTH // 2
    with pytest.raises(Unfit, match="deep"):
        skip(b"\2" * 10_000, 0)


def test_items_are_counted_over_all_arrays_of_a_field() -> None:
    skip = binary.skipping(parse({"type": "array", "items": {"type": "array", "items": "boolean"}}))
    inner = encoded({"type": "array", "items": "boolean"}, [True] * 600_000)
    with pytest.raises(Unfit, match="million"):
        skip(b"\4" + inner * 2 + b"\0", 0)
