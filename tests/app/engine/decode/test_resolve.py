from typing import Any

import pytest

from app.engine.decode.resolve import plan, resolve
from app.engine.decode.shape import Unfit, parse

HEAD = b"\0\0\0\0\1"


def record(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "record", "name": "R", "fields": list(fields)}


READER = parse(record({"name": "a", "type": "long"}, {"name": "b", "type": ["null", "string"], "default": None}))


def test_fields_are_found_by_name_and_given_in_our_order() -> None:
    writer = record({"name": "b", "type": "string"}, {"name": "x", "type": "int"}, {"name": "a", "type": "int"})
    assert plan(writer, READER).read(HEAD + b"\2b\2\4") == [2, "b"]


def test_missing_fields_have_our_default() -> None:
    assert plan(record({"name": "a", "type": "long"}), READER).read(HEAD + b"\4") == [2, None]


@pytest.mark.parametrize(
    ("body", "error"),
    [(b"", "a ends too early"), (b"\4\1", "b has an index"), (b"\4\2\4x", "b ends"), (b"\4\0\0", "left over")],
)
def test_errors_name_the_field_and_the_rule(body: bytes, error: str) -> None:
    writer = record({"name": "a", "type": "long"}, {"name": "b", "type": ["null", "string"]})
    with pytest.raises(Unfit, match=error):
        plan(writer, READER).read(HEAD + body)


@pytest.mark.parametrize("name", ["\ud800", "n" * 101])
def test_odd_names_are_not_shown(name: str) -> None:
    with pytest.raises(Unfit, match=r"^a field ends too early$"):
        plan(record({"name": name, "type": "int"}, {"name": "a", "type": "long"}), READER).read(HEAD)


@pytest.mark.parametrize(
    ("writer", "error"),
    [
        (record(), "a is missing"),
        (record({"name": "a", "type": "string"}), "a has another type"),
        ({**record({"name": "a", "type": "long"}), "name": "S"}, "another record's"),
        ("nonsense", "schema names a type"),
    ],
)
def test_schemas_that_never_fit_say_why(writer: Any, error: str) -> None:
    with pytest.raises(Unfit, match=error):
        plan(writer, READER).read(HEAD + b"\0")


ENUM = {"type": "enum", "name": "E", "symbols": ["A", "B"]}


@pytest.mark.parametrize(
    ("writer", "reader", "data", "value"),
    [
        ("int", "long", b"\4", 2),
        ("int", "double", b"\4", 2.0),
        ("long", "double", b"\4", 2.0),
        ("float", "double", b"\0\0\0\x3f", 0.5),
        ("bytes", "string", b"\2x", "x"),
        ("string", ["null", "string"], b"\2x", "x"),
        (["string", "null"], ["null", "string"], b"\2", None),
        (["int", "string"], "string", b"\2\2x", "x"),
        (["int", "bytes"], ["null", "string"], b"\2\2x", "x"),
        ({**ENUM, "name": "n.E"}, ENUM, b"\2", "B"),
        ({**ENUM, "symbols": ["Z", "A"]}, ENUM, b"\2", "A"),
    ],
)
def test_values_are_promoted(writer: Any, reader: Any, data: bytes, value: Any) -> None:
    read = resolve(parse(writer), parse(reader))
    assert read is not None
    found, end = read(data, 0)
    assert (found, type(found), end) == (value, type(value), len(data))


@pytest.mark.parametrize(
    ("writer", "reader"),
    [
        ("long", "int"),
        ("double", "long"),
        ("string", "long"),
        ("null", "string"),
        (["int", "null"], "string"),
        ("boolean", "int"),
        ({**ENUM, "name": "F"}, ENUM),
        ("string", ENUM),
        ({"type": "array", "items": "int"}, "int"),
    ],
)
def test_other_types_do_not_match(writer: Any, reader: Any) -> None:
    assert resolve(parse(writer), parse(reader)) is None


@pytest.mark.parametrize(
    ("writer", "reader", "data"),
    [
        (["int", "string"], "string", b"\0\2"),
        ({**ENUM, "symbols": ["Z", "A"]}, ENUM, b"\0"),
        (ENUM, ENUM, b"\4"),
    ],
)
def test_some_values_do_not_match(writer: Any, reader: Any, data: bytes) -> None:
    read = resolve(parse(writer), parse(reader))
    assert read is not None
    with pytest.raises(Unfit):
        read(data, 0)
