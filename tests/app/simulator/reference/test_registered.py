"""Schemas as registries hold them, made shapes."""

from typing import Any

import pytest

from app.simulator.reference.avro import DoesNotFit, decode_record
from app.simulator.reference.poison import full_name
from app.simulator.reference.registered import UNREADABLE, shape_of
from app.simulator.reference.shapes import BY_ID
from schemas.bundled import BUNDLED
from tests.app.simulator.reference.log import BOOKING, avro

COLOUR = {"type": "enum", "name": "Colour", "symbols": ["RED", "BLUE"]}


def record(**types: Any) -> dict[str, Any]:
    return {
        "type": "record",
        "name": "R",
        "namespace": "n",
        "fields": [{"name": name, "type": each} for name, each in types.items()],
    }


@pytest.mark.parametrize("schema_id", sorted(BUNDLED))
def test_bundled_schemas_become_the_contract_s_shapes(schema_id: int) -> None:
    found, ours = shape_of(BUNDLED[schema_id]), shape_of(BY_ID[schema_id])
    assert found == ours
    assert full_name(found) == full_name(BY_ID[schema_id])


def test_a_later_version_is_read() -> None:
    later = {**BUNDLED[2], "fields": [*BUNDLED[2]["fields"], {"name": "note", "type": ["null", "string"]}]}
    assert decode_record(avro(2, BOOKING)[5:] + b"\2\4hi", shape_of(later))["note"] == ("string", "hi")


def test_names_stand_for_what_was_declared_before() -> None:
    first = {"name": "a", "type": COLOUR}
    inner = {"type": "record", "name": "x.Inner", "fields": [first, {"name": "b", "type": "Colour"}]}
    shape = shape_of(record(inner=inner, again={"type": "array", "items": "x.Colour"}, whole="x.Inner"))
    colour = ("enum Colour", "BLUE")
    pair = ("record", {"a": colour, "b": colour})
    assert decode_record(b"\2\2\2\2\0\2\2", shape) == {
        "inner": pair,
        "again": ("array", [(None, colour)]),
        "whole": pair,
    }


def test_a_record_may_hold_its_own_kind() -> None:
    shape = shape_of(record(next=["null", "R"]))
    assert full_name(shape) == "n.R"
    assert decode_record(b"\2\2\0", shape) == {"next": ("record", {"next": ("record", {"next": ("null", None)})})}
    with pytest.raises(DoesNotFit):
        decode_record(b"\2" * 100_000, shape)


@pytest.mark.parametrize(
    "types",
    [
        {"a": "Nowhere"},
        {"a": {"type": "enum", "name": "E"}},
        {"a": {"type": "enum", "name": "E", "symbols": [1]}},
        {"a": {"type": "fixed", "name": "F", "size": "2"}},
        {"a": {"type": "record", "name": "I", "fields": ["x"]}},
        {"a": {"type": "map"}},
        {"a": {"type": "int", "name": 1}, "b": None},
        {"a": {"type": "enum", "name": 5, "symbols": []}},
        {"a": {"type": "enum", "name": "E", "namespace": 5, "symbols": []}, "b": "E"},
        {"a": "Colour", "b": COLOUR},
    ],
    ids=str,
)
def test_what_is_no_schema_is_unreadable(types: dict[str, Any]) -> None:
    assert shape_of(record(**types)) is UNREADABLE


@pytest.mark.parametrize("schema", [None, 5, {}, "", "Nowhere", [None]], ids=str)
def test_what_is_no_schema_at_all(schema: Any) -> None:
    assert shape_of(schema) is UNREADABLE


def test_a_schema_nested_too_deep_is_unreadable() -> None:
    nested: Any = "int"
    for _ in range(5_000):
        nested = {"type": "array", "items": nested}
    assert shape_of(record(a=nested)) is UNREADABLE


def test_a_schema_that_is_no_record_has_no_name() -> None:
    assert full_name(shape_of("int")) == full_name(shape_of([COLOUR])) == full_name(UNREADABLE) == ""
