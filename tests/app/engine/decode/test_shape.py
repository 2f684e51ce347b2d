from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.decode.shape import MAX_DEPTH, REQUIRED, SchemaRefused, parse
from schemas.bundled import BUNDLED


@pytest.mark.parametrize("schema_id", sorted(BUNDLED))
def test_bundled_schemas_parse(schema_id: int) -> None:
    shape = parse(BUNDLED[schema_id])
    assert shape.kind == "record"
    assert [field.name for field in shape.fields] == [field["name"] for field in BUNDLED[schema_id]["fields"]]


def test_names_symbols_defaults_and_logical_types() -> None:
    shape = parse(BUNDLED[3])
    fields = {field.name: field for field in shape.fields}
    assert shape.name == "com.cpaxtra.events.InventoryEvent"
    assert fields["locationType"].shape.symbols == ("STORE", "HOTEL")
    assert fields["locationType"].shape.name == "com.cpaxtra.events.LocationType"
    assert fields["occurredAt"].shape.logical == "timestamp-millis"
    assert [branch.logical for branch in fields["stayFrom"].shape.branches] == ["", "date"]
    assert (fields["eventId"].default, fields["stayFrom"].default) == (REQUIRED, None)


def record(*fields: Any, name: str = "R") -> dict[str, Any]:
    return {
        "type": "record",
        "name": name,
        "fields": [{"name": f"f{i}", "type": each} for i, each in enumerate(fields)],
    }


def test_named_types_are_found_by_any_of_their_names() -> None:
    fixed = {"type": "fixed", "name": "b.F", "size": 2}
    shape = parse({**record(fixed, "b.F", record("F", name="b.Inner")), "namespace": "a"})
    first, second, inner = (field.shape for field in shape.fields)
    assert first is second is inner.fields[0].shape


def nested(depth: int) -> Any:
    schema: Any = "int"
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        None,
        5,
        "Unheard",
        {},
        {"type": None},
        {"type": "record", "name": "R"},
        {"type": "record", "fields": []},
        {"type": "record", "name": "R", "fields": [5]},
        {"type": "record", "name": "R", "fields": [{"type": "int"}]},
        {"type": "enum", "name": "E", "symbols": "AB"},
        {"type": "enum", "name": "E", "symbols": [1]},
        {"type": "fixed", "name": "F", "size": -1},
        {"type": "fixed", "name": "F", "size": True},
        {"type": "array"},
        {"type": "map", "values": "Unheard"},
        nested(MAX_DEPTH + 1),
    ],
)
def test_what_is_no_schema_is_refused(schema: Any) -> None:
    with pytest.raises(SchemaRefused):
        parse(schema)


def test_deep_schemas_parse_up_to_the_limit() -> None:
    assert parse(nested(MAX_DEPTH)).kind == "array"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["int", "record", "R", "enum", "fixed", "array", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "name", "fields", "items", "size", "symbols", "values"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_parsed_or_refused(schema: Any) -> None:
    try:
        parse(schema)
    except SchemaRefused:
        return


@pytest.mark.parametrize(
    ("schema", "empty"),
    [
        ("null", True),
        ("int", False),
        (["null"], False),
        ({"type": "fixed", "name": "F", "size": 0}, True),
        ({"type": "array", "items": "null"}, False),
        (record("null", record("null", name="S")), True),
        (record("null", "int"), False),
        (record(["null", "R"]), False),
    ],
)
def test_what_takes_no_bytes(schema: Any, empty: bool) -> None:
    assert parse(schema).empty is empty


def test_long_chains_of_names_are_no_deep_nesting() -> None:
    chain = [record(*([f"R{index - 1}"] if index else []), name=f"R{index}") for index in range(3000)]
    assert parse(record(*chain)).fields[-1].shape.empty
