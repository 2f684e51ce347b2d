"""A writer's record read as ours: Avro's schema resolution, for readers of plain values and unions of them."""

from typing import Any, NamedTuple

from app.engine.decode.binary import (
    ENDS_EARLY,
    Read,
    read_double,
    read_float,
    read_index,
    read_int,
    read_long,
    read_null,
    read_string,
    skipping,
)
from app.engine.decode.shape import REQUIRED, SchemaRefused, Shape, Unfit, parse

MAX_SHOWN = 100
HEAD_BYTES = 5  # magic byte and schema id before the body

_READS: dict[tuple[str, str], Read] = {
    ("null", "null"): read_null,
    ("int", "int"): read_int,
    ("int", "long"): read_int,
    ("long", "long"): read_long,
    ("double", "double"): read_double,
    ("float", "double"): read_float,
    ("string", "string"): read_string,
    ("bytes", "string"): read_string,
}


class Step(NamedTuple):
    """One field of the writer's, in the order of the body; target is the index of our field, None for none."""

    name: str
    target: int | None
    writer: Shape
    read: Read


class Plan(NamedTuple):
    """How bodies of one writer's schema are read; error says why none of them can be."""

    error: str
    steps: tuple[Step, ...]
    defaults: tuple[Any, ...]

    def read(self, value: bytes) -> list[Any]:
        """The reader's fields, in its order, of a value in wire format; Unfit unless every byte is used up."""
        if self.error:
            raise Unfit(self.error)
        values, position = list(self.defaults), HEAD_BYTES
        try:
            for step in self.steps:
                _, target, _, read = step
                content, position = read(value, position)
                if target is not None:
                    values[target] = content
        except IndexError:
            raise Unfit(f"{step.name} {ENDS_EARLY}") from None
        except Unfit as unfit:
            raise Unfit(f"{step.name} {unfit}") from None
        if position != len(value):
            raise Unfit("bytes are left over behind the record")
        return values


def plan(schema: Any, reader: Shape) -> Plan:
    """The plan for a writer's schema, parsed JSON, and our record."""
    try:
        writer = parse(schema)
    except SchemaRefused as refused:
        return Plan(f"the writer's {refused}", (), ())
    if writer.kind != "record" or writer.name != reader.name:
        return Plan("the schema is another record's", (), ())
    written = {field.name for field in writer.fields}
    for field in reader.fields:
        if field.default is REQUIRED and field.name not in written:
            return Plan(f"{field.name} is missing in the writer's schema", (), ())
    indexes = {field.name: index for index, field in enumerate(reader.fields)}
    steps = []
    for field in writer.fields:
        index = indexes.get(field.name)
        read = skipping(field.shape) if index is None else resolve(field.shape, reader.fields[index].shape)
        if read is None:
            return Plan(f"{field.name} has another type in the writer's schema", (), ())
        steps.append(Step(_shown(field.name), index, field.shape, read))
    return Plan("", tuple(steps), tuple(field.default for field in reader.fields))


def _shown(name: str) -> str:
    """A writer's name for a field as it may stand in an error."""
    return name if name.isascii() and len(name) <= MAX_SHOWN else "a field"


def resolve(writer: Shape, reader: Shape) -> Read | None:
    """How a value of the writer's type is read as the reader's; None where the types don't match."""
    if writer.kind == "union":
        reads = [resolve(branch, reader) for branch in writer.branches]
        return _one_of(reads) if any(reads) else None
    if reader.kind == "union":
        matches = (resolve(writer, branch) for branch in reader.branches)
        return next((read for read in matches if read is not None), None)
    if writer.kind == "enum" and reader.kind == "enum":
        same = writer.name.rpartition(".")[2] == reader.name.rpartition(".")[2]
        return _symbol(writer, reader) if same else None
    if reader.kind == "double" and writer.kind in ("int", "long"):
        return _as_float(read_int if writer.kind == "int" else read_long)
    return _READS.get((writer.kind, reader.kind))


def _one_of(reads: list[Read | None]) -> Read:
    def read(data: bytes, position: int) -> tuple[Any, int]:
        index, position = read_index(data, position, len(reads))
        chosen = reads[index]
        if chosen is None:
            raise Unfit("is of a type we don't read")
        return chosen(data, position)

    return read


def _symbol(writer: Shape, reader: Shape) -> Read:
    symbols = [symbol if symbol in reader.symbols else None for symbol in writer.symbols]

    def read(data: bytes, position: int) -> tuple[Any, int]:
        index, position = read_index(data, position, len(symbols))
        symbol = symbols[index]
        if symbol is None:
            raise Unfit("is a symbol we don't know")
        return symbol, position

    return read


def _as_float(number: Read) -> Read:
    def read(data: bytes, position: int) -> tuple[Any, int]:
        value, position = number(data, position)
        return float(value), position

    return read
