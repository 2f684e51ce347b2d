"""Columns of a batch: one field of many records, as Avro's plain types have it."""

from collections.abc import Callable, Iterable
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from app.engine.decode.cursor import MAX_FIELDS, MAX_INDEXES, Content, Cursor, Ints, Mask
from app.engine.decode.resolve import Plan, resolve
from app.engine.decode.shape import Shape

#: Stands in a damaged column for what can't be had from it.
BROKEN = object()


class Damaged(list[Any]):
    """A column's values, some of them BROKEN."""


class Column(NamedTuple):
    """Numbers, indexes of our symbols, or where text starts and stops; present says which are not null."""

    numbers: npt.NDArray[Any]
    stops: Ints | None = None
    symbols: npt.NDArray[np.object_] | None = None
    present: Mask | None = None

    def lengths(self) -> Ints:
        """Of text, in bytes; 0 where it is null."""
        assert self.stops is not None
        lengths: Ints = self.stops - self.numbers
        return lengths

    @property
    def is_text(self) -> bool:
        """Whether there are strings or bytes in it."""
        return self.stops is not None

    def at(self, rows: Mask) -> "Column":
        """The column of those records alone."""
        stops = None if self.stops is None else self.stops[rows]
        return Column(self.numbers[rows], stops, self.symbols, None if self.present is None else self.present[rows])

    def spread(self, rows: Ints, present: Mask) -> "Column":
        """This column's values at the indexes `rows` of a longer one, null elsewhere."""
        numbers = np.zeros(len(present), self.numbers.dtype)
        numbers[rows] = self.numbers
        stops = None
        if self.stops is not None:
            stops = np.zeros(len(present), np.int64)
            stops[rows] = self.stops
        return Column(numbers, stops, self.symbols, present)

    def values(self, text: str) -> Iterable[Any]:
        """What the events hold, of joined bodies in Latin-1; Damaged where some text is not UTF-8."""
        if self.present is not None and not self.present.any():
            return repeat(None)
        values: list[Any]
        if self.symbols is not None:
            values = self.symbols[self.numbers].tolist()
        elif self.stops is None:
            values = self.numbers.tolist()
        else:
            values = _texts(text, self.numbers.tolist(), self.stops.tolist())
        if self.present is None:
            return values
        nullable = [value if there else None for value, there in zip(values, self.present.tolist(), strict=True)]
        return type(values)(nullable)


#: Reads one field of every record; None where we have no use for it and nothing is left to check.
ReadColumn = Callable[[Cursor], Column | None]


class ColumnStep(NamedTuple):
    """One field of the writer's; target is the index of our field, None for none."""

    target: int | None
    read: ReadColumn


class Batch(NamedTuple):
    """Fields of many records; columns by the index of our field, None where the writer has no such field."""

    content: Content
    columns: tuple[Column | None, ...]
    unused: tuple[Column, ...]

    def column(self, index: int) -> Column:
        """A column every writer has."""
        column = self.columns[index]
        assert column is not None
        return column

    def values(self, index: int, default: Any = None) -> Iterable[Any]:
        """A column's values; the default over and over where there is no column."""
        column = self.columns[index]
        return repeat(default) if column is None else column.values(self.content.text)

    def unused_values(self) -> list[Iterable[Any]]:
        """Text no event holds, which must be UTF-8 nevertheless."""
        return [column.values(self.content.text) for column in self.unused]

    def parts(self, column: Column) -> list[bytes]:
        """The bytes of a text column, empty where it is null."""
        assert column.stops is not None
        octets, lengths = self.content.data, column.lengths()
        if len(lengths) and (width := int(lengths[0])) and (lengths == width).all():
            # As many bytes from every position on: numpy makes them all at a third of the price of slices.
            found: list[bytes] = np.ndarray((len(octets) - width + 1,), f"V{width}", octets, 0, (1,))[
                column.numbers
            ].tolist()
            return found
        return [octets[start:stop] for start, stop in zip(column.numbers.tolist(), column.stops.tolist(), strict=True)]

    def at(self, rows: Mask) -> "Batch":
        """The batch of those records alone."""
        columns = tuple(None if column is None else column.at(rows) for column in self.columns)
        return Batch(self.content, columns, tuple(column.at(rows) for column in self.unused))


def column_steps(plan: Plan, reader: Shape) -> tuple[ColumnStep, ...] | None:
    """How a writer's records are read in columns; None where that can't be."""
    if plan.error or len(plan.steps) > MAX_FIELDS:
        return None
    steps = []
    for step in plan.steps:
        read = _column(step.writer, None if step.target is None else reader.fields[step.target].shape)
        if read is None:
            return None
        steps.append(ColumnStep(step.target, read))
    return tuple(steps)


def read_batch(
    content: Content, starts: Ints, *, ends: Ints, steps: tuple[ColumnStep, ...], width: int
) -> tuple[Batch, Mask]:
    """The columns of the records in content, and which of them hold exactly one good record."""
    cursor = Cursor(content, starts)
    columns: list[Column | None] = [None] * width
    unused = []
    for target, read in steps:
        column = read(cursor)
        if target is not None:
            columns[target] = column
        elif column is not None and column.stops is not None:
            unused.append(column)
    return Batch(content, tuple(columns), tuple(unused)), ~cursor.bad & (cursor.positions == ends)


def _column(writer: Shape, reader: Shape | None) -> ReadColumn | None:
    if reader is not None and resolve(writer, reader) is None:
        return None
    if writer.kind == "union":
        return _nullable(writer, reader)
    if writer.kind == "enum":
        return _symbols(writer, reader)
    if reader is not None and reader.kind == "double" and writer.kind != "double":
        return None
    if reader is None and writer.kind == "bytes":
        return _skipped
    return _PLAIN.get(writer.kind)


def _nullable(writer: Shape, reader: Shape | None) -> ReadColumn | None:
    kinds = [branch.kind for branch in writer.branches]
    if len(kinds) != 2 or kinds.count("null") != 1 or (reader is not None and reader.kind != "union"):
        return None
    index = 1 - kinds.index("null")
    inner = _column(writer.branches[index], reader)
    if inner is None or writer.branches[index].kind == "union":
        return None

    def read(cursor: Cursor) -> Column | None:
        present = cursor.indexes(2) == index
        if present.all():
            return inner(cursor)
        rows = np.flatnonzero(present)
        if not len(rows):
            return Column(np.zeros(len(present), np.int64), present=present)
        column = cursor.some(rows, inner)
        return None if column is None else column.spread(rows, present)

    return read


def _symbols(writer: Shape, reader: Shape | None) -> ReadColumn | None:
    count, known = len(writer.symbols), _symbols_known(writer if reader is None else reader)
    if not 0 < count <= MAX_INDEXES:
        return None
    ours = np.array([known.index(symbol) if symbol in known else -1 for symbol in writer.symbols], np.int64)
    symbols = np.array(known, object)

    def read(cursor: Cursor) -> Column:
        codes = ours[cursor.indexes(count)]
        cursor.bad |= codes < 0
        return Column(codes, symbols=symbols)

    return read


def _symbols_known(reader: Shape) -> tuple[str, ...]:
    """Those of an enum, or of the one a nullable one holds."""
    return reader.symbols or next((branch.symbols for branch in reader.branches if branch.symbols), ())


def _texts(text: str, starts: list[int], stops: list[int]) -> list[Any]:
    texts: list[Any] = [text[start:stop] for start, stop in zip(starts, stops, strict=True)]
    if "".join(texts).isascii():
        return texts
    texts = [each if each.isascii() else _decoded(each) for each in texts]
    return Damaged(texts) if BROKEN in texts else texts


def _decoded(latin: str) -> Any:
    try:
        return latin.encode("latin-1").decode()
    except UnicodeDecodeError:
        return BROKEN


def _skipped(cursor: Cursor) -> None:
    cursor.spans()


def _span(cursor: Cursor) -> Column:
    return Column(*cursor.spans())


_PLAIN: dict[str, ReadColumn] = {
    "null": lambda _cursor: None,
    "boolean": lambda cursor: cursor.booleans(),
    "int": lambda cursor: Column(cursor.ints()),
    "long": lambda cursor: Column(cursor.longs()),
    "float": lambda cursor: Column(cursor.floats()),
    "double": lambda cursor: Column(cursor.doubles()),
    "string": _span,
    "bytes": _span,
}
