import struct

import pytest

from app.simulator.reference.avro import Body, DoesNotFit, decode_record, resolve_record, type_of
from app.simulator.reference.shapes import BY_ID
from tests.app.simulator.reference.log import BOOKING, avro


def read(schema_id: int, body: bytes) -> dict[str, object]:
    return resolve_record(decode_record(body, BY_ID[schema_id]), BY_ID[2 if schema_id == 1 else schema_id])


def test_a_first_version_is_read_with_the_second_one_s_defaults() -> None:
    event = read(1, avro(1, BOOKING)[5:])
    assert event["totalAmount"] == 120.5
    assert (event["eventId"], event["roomType"], event["rooms"], event["occurredAt"]) == ("", "STANDARD", 1, 0)


@pytest.mark.parametrize("cut", [1, 9, 30])
def test_a_body_cut_short_does_not_fit(cut: int) -> None:
    with pytest.raises(DoesNotFit):
        read(2, avro(2, BOOKING)[5:-cut])


def test_a_byte_left_over_does_not_fit() -> None:
    with pytest.raises(DoesNotFit):
        read(2, avro(2, BOOKING)[5:] + b"\0")


@pytest.mark.parametrize(
    ("raw", "bits", "value"),
    [
        (b"\x00", 31, 0),
        (b"\x01", 31, -1),
        (b"\xfe\xff\xff\xff\x0f", 31, 2**31 - 1),
        (b"\xff\xff\xff\xff\x0f", 31, -(2**31)),
    ],
)
def test_zigzag(raw: bytes, bits: int, value: int) -> None:
    assert Body(raw).integer(bits) == value


@pytest.mark.parametrize("raw", [b"\x80\x80\x80\x80\x10", b"\x80", b"\xff" * 10 + b"\x01"])
def test_integers_beyond_their_bits_or_their_bytes_do_not_fit(raw: bytes) -> None:
    with pytest.raises(DoesNotFit):
        Body(raw).integer(31)


@pytest.mark.parametrize(
    ("type_", "raw"),
    [
        ({"type": "enum", "name": "e", "symbols": ["A"]}, b"\x02"),
        ({"type": "enum", "name": "e", "symbols": ["A"]}, b"\x01"),
        (["null", "string"], b"\x04"),
        (["null", "string"], b"\x01"),
        ("string", b"\x01"),
        ("string", b"\x02\xff"),
        ("boolean", b"\x02"),
        ({"type": "array", "items": "null"}, b"\xfe\xff\x03\x00"),
        ("elsewhere.Named", b"\x00"),
    ],
)
def test_indexes_lengths_and_text_out_of_bounds_do_not_fit(type_: object, raw: bytes) -> None:
    with pytest.raises(DoesNotFit):
        decode_record(raw, {"type": "record", "name": "r", "fields": [{"name": "f", "type": type_}]})


def test_every_kind_of_a_later_writer_s_field_is_stepped_over() -> None:
    writer = {
        "type": "record",
        "name": "r",
        "fields": [
            {"name": "fixed", "type": {"type": "fixed", "name": "x", "size": 2}},
            {"name": "map", "type": {"type": "map", "values": "int"}},
            {"name": "inner", "type": {"type": "record", "name": "i", "fields": [{"name": "b", "type": "boolean"}]}},
            {"name": "float", "type": "float"},
            {"name": "kept", "type": "int"},
        ],
    }
    body = b"ab" + b"\x01\x04\x02k\x02\x00" + b"\x01" + struct.pack("<f", 1.5) + b"\x0e"
    reader = {"fields": [{"name": "kept", "type": "double"}, {"name": "new", "type": "string", "default": "d"}]}
    assert resolve_record(decode_record(body, writer), reader) == {"kept": 7.0, "new": "d"}


@pytest.mark.parametrize(
    ("written", "reader"),
    [
        (("long", 1), "int"),
        (("string", "x"), "long"),
        (("null", None), "string"),
        (("enum e", "Z"), {"type": "enum", "name": "a.e", "symbols": ["A"]}),
        (("enum other", "A"), {"type": "enum", "name": "a.e", "symbols": ["A"]}),
    ],
)
def test_a_type_that_does_not_promote_does_not_fit(written: tuple[str, object], reader: object) -> None:
    with pytest.raises(DoesNotFit):
        resolve_record({"f": written}, {"fields": [{"name": "f", "type": reader}]})


def test_an_enum_is_known_by_its_name_without_namespace() -> None:
    reader = {"fields": [{"name": "f", "type": {"type": "enum", "name": "a.e", "symbols": ["A"]}}]}
    assert resolve_record({"f": ("enum e", "A")}, reader) == {"f": "A"}


def test_bytes_are_read_as_text_and_a_missing_field_without_default_does_not_fit() -> None:
    assert resolve_record({"f": ("bytes", b"x")}, {"fields": [{"name": "f", "type": ["null", "string"]}]}) == {"f": "x"}
    with pytest.raises(DoesNotFit):
        resolve_record({}, {"fields": [{"name": "f", "type": "string"}]})


def test_a_logical_type_is_its_type() -> None:
    assert type_of({"type": {"type": "long", "logicalType": "timestamp-millis"}}) == "long"
