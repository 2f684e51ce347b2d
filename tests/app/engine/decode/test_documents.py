from typing import Any

import pytest

from app.engine.decode.documents import DocumentPlan, fit
from app.engine.decode.shape import Unfit, parse
from app.engine.decode.strict_json import TOO_LARGE

DATE = {"type": "int", "logicalType": "date"}
ENUM = {"type": "enum", "name": "E", "symbols": ["A", "B"]}
READER = parse(
    {
        "type": "record",
        "name": "R",
        "fields": [{"name": "a", "type": "long"}, {"name": "b", "type": ["null", "string"], "default": None}],
    }
)


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ("string", "", ""),
        ("int", -(2**31), -(2**31)),
        ("long", 2**63 - 1, 2**63 - 1),
        ("double", 2, 2.0),
        ("double", -0.5, -0.5),
        ("double", TOO_LARGE, float("inf")),
        (["null", "string"], None, None),
        (["null", DATE], "1970-01-02", 1),
        (DATE, "0001-01-01", -719_162),
        (DATE, "9999-12-31", 2_932_896),
        (ENUM, "B", "B"),
    ],
)
def test_values_that_fit(schema: Any, value: Any, expected: Any) -> None:
    found = fit(parse(schema))(value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("string", 1),
        ("string", None),
        ("int", 2**31),
        ("int", 1.0),
        ("int", False),
        ("long", 2**63),
        ("long", "1"),
        ("double", "1"),
        ("double", True),
        ("double", [1.0]),
        (["null", "string"], 1),
        (DATE, 1),
        (DATE, "1970-01-32"),
        (DATE, "19700102"),
        (DATE, "1970-W01-1"),
        (DATE, "1970-01-02\n"),
        (DATE, "0000-01-01"),
        (ENUM, "C"),
        (ENUM, {}),
    ],
)
def test_values_that_do_not(schema: Any, value: Any) -> None:
    with pytest.raises(Unfit):
        fit(parse(schema))(value)


def test_a_document_is_read_in_our_order() -> None:
    read = DocumentPlan(READER).read
    assert read({"b": "x", "a": 1, "c": {}}) == [1, "x"]
    assert read({"a": 1}) == [1, None]


@pytest.mark.parametrize(("document", "error"), [({}, "a is missing"), ({"a": 1, "b": 2}, "b is not a string")])
def test_errors_name_the_field_and_the_rule(document: dict[str, Any], error: str) -> None:
    with pytest.raises(Unfit, match=error):
        DocumentPlan(READER).read(document)
