from typing import Any

import numpy as np
import pytest

from app.engine.decode.columns import BROKEN, Batch, Damaged, column_steps, read_batch
from app.engine.decode.cursor import Content, Mask
from app.engine.decode.resolve import plan
from app.engine.decode.shape import parse


def record(*types: Any) -> dict[str, Any]:
    fields = [{"name": f"f{index}", "type": each} for index, each in enumerate(types)]
    return {"type": "record", "name": "R", "fields": fields}


def read(writer: dict[str, Any], reader: dict[str, Any], bodies: list[bytes]) -> tuple[Batch, Mask]:
    shape = parse(reader)
    steps = column_steps(plan(writer, shape), shape)
    assert steps is not None
    ends = np.cumsum([len(body) for body in bodies], dtype=np.int64)
    starts = ends - np.array([len(body) for body in bodies])
    return read_batch(Content(bodies), starts, ends=ends, steps=steps, width=len(shape.fields))


def test_numbers_text_and_symbols() -> None:
    schema = record("int", "string", {"type": "enum", "name": "E", "symbols": ["A", "B"]}, "double")
    batch, good = read(schema, schema, [b"\2\2x\2" + bytes(8), b"\4\6\xe0\xb8\x81\0" + bytes(8), b"\2\0\0"])
    assert good.tolist() == [True, True, False]
    kept = batch.at(good)
    assert [list(kept.values(index)) for index in range(4)] == [[1, 2], ["x", "ก"], ["B", "A"], [0.0, 0.0]]
    assert kept.column(1).lengths().tolist() == [1, 3]


@pytest.mark.parametrize("texts", [[b"ab", b"\xc3\xa9", b"\0\0"], [b"ab", b"c", b""], [b"", b"", b""], [b"", b"ab"]])
def test_parts_are_the_bytes_of_the_text(texts: list[bytes]) -> None:
    schema = record("string", "int")
    batch, _good = read(schema, schema, [bytes([2 * len(text)]) + text + b"\2" for text in texts])
    assert batch.parts(batch.column(0)) == texts
    assert batch.parts(batch.column(0).at(np.zeros(len(texts), np.bool_))) == []


def test_nullable_columns() -> None:
    schema = record(["null", "string"], ["int", "null"])
    batch, good = read(schema, schema, [b"\0\2", b"\2\2x\0\6", b"\2\0\2", b"\4\2"])
    assert good.tolist() == [True, True, True, False]
    kept = batch.at(good)
    assert list(kept.values(0)) == [None, "x", ""]
    assert list(kept.values(1)) == [None, 3, None]


def test_a_column_of_nulls_goes_on_for_ever() -> None:
    schema = record(["null", "string"])
    batch, _ = read(schema, schema, [b"\0", b"\0"])
    assert [value for value, _ in zip(batch.values(0), range(5), strict=False)] == [None] * 5


def test_fields_the_writer_lacks_have_the_default() -> None:
    reader = record("int", "int")
    reader["fields"][1]["default"] = 7
    batch, _ = read(record("int"), reader, [b"\2"])
    assert batch.columns[1] is None
    assert next(iter(batch.values(1, 7))) == 7


def test_text_that_is_not_utf8_is_broken_whether_used_or_not() -> None:
    batch, good = read(record("string", ["null", "string"], "bytes"), record("string"), [b"\2\xff\2\2\xff\2\xff"])
    assert good.all()
    for values in (batch.values(0), *batch.unused_values()):
        assert isinstance(values, Damaged)
        assert values == [BROKEN]
    assert len(batch.unused_values()) == 1


def test_writers_symbols_become_ours() -> None:
    def enum(*symbols: str) -> dict[str, Any]:
        return record({"type": "enum", "name": "E", "symbols": list(symbols)})

    batch, good = read(enum("Z", "B", "A"), enum("A", "B"), [b"\0", b"\2", b"\4"])
    assert good.tolist() == [False, True, True]
    assert batch.at(good).column(0).numbers.tolist() == [1, 0]
    assert list(batch.at(good).values(0)) == ["B", "A"]


@pytest.mark.parametrize(
    ("writer", "reader"),
    [
        (record("int", {"type": "array", "items": "int"}), record("int")),
        (record(["null", "int", "long"]), record(["null", "long"])),
        (record(["null", "int"]), record("int")),
        (record("int"), record("double")),
        (record("string"), record("int")),
        (record(*["int"] * 257), record("int")),
    ],
)
def test_what_is_not_flat_is_not_read_in_columns(writer: dict[str, Any], reader: dict[str, Any]) -> None:
    shape = parse(reader)
    assert column_steps(plan(writer, shape), shape) is None
