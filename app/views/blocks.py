"""What one copy of a partition knows of some windows: the sums of its panes, block by block."""

from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from app.domain.measures import add
from app.domain.windows import HOURS, MINUTES, Entries, horizon
from app.engine.panes import PACKED_KEY_MAX, Series, Windows, keyed, start_of, totals
from app.engine.windows import newest_of, open_minute
from app.views.parts import PART_ROWS_MAX, Turns, scanned
from app.views.responses import Problem
from app.views.spans import Spans
from app.views.worker import Task

#: A block's start, its part and measures, decimals as text: a JSON value.
Row = list[Any]
#: A pane's start, and part and measures of what it holds.
Found = tuple[int, str, list[Any]]


class Asked(NamedTuple):
    """Windows of one kind; key is None for the sums over all keys."""

    windows: Windows
    spans: Spans
    key: str | None


async def blocks(task: Task, asked: Asked) -> list[Row]:
    """The blocks with anything in them; what has expired is not there any more."""
    length = asked.spans.block
    sums: dict[int, Entries] = {}
    left = PART_ROWS_MAX
    async for start, part, measures in _panes(task, asked):
        block = sums.setdefault(start - start % length, {})
        left -= part not in block
        if left < 0:
            raise Problem(400, f"the answer has over {PART_ROWS_MAX} rows in one partition: ask for less")
        add(block, part, measures)
    return [[start, part, as_json_value(measures)] for start, parts in sums.items() for part, measures in parts.items()]


async def _panes(task: Task, asked: Asked) -> AsyncIterator[Found]:
    windows, size = asked.windows, asked.spans.panes
    newest = newest_of(task.read(windows.clock, windows.clock.key()))
    first, end = asked.spans.whole
    low = -(-max(first, horizon(size, newest), 0) // size.span) * size.span
    high = min(end, newest + 1)
    if asked.key is None:
        async for found in _totals(task, totals(windows, size), low, high):
            yield found
    else:
        turns = Turns()
        for start in range(low, high, size.span):
            for part, measures in of_key(task, keyed(windows, size), start, asked.key):
                yield start, part, measures
            await turns.give_way()
    minute = open_minute(newest)
    if size is HOURS and low <= minute < high:
        # What is packed of the open minute is not in its hour yet.
        series = totals(windows, MINUTES) if asked.key is None else keyed(windows, MINUTES)
        for part, measures in _packed(task, series, minute, asked.key):
            yield minute, part, measures


async def _totals(task: Task, series: Series, low: int, high: int) -> AsyncIterator[Found]:
    parts = series.windows.table.parts
    async for chunk in scanned(task, series.windows.table, *series.span(low, max(low, high))):
        for key, row in chunk:
            start = start_of(key)
            for entry, measures in row.items():
                yield start, entry or str(parts(key)[3]), measures


def of_key(task: Task, series: Series, start: int, key: str) -> Iterator[tuple[str, list[Any]]]:
    """Part and measures of a key in one pane; nothing where it has none."""
    windows = series.windows
    packed = series.packed(start)
    row: Entries = task.read(windows.table, packed) or {}
    yield from _of_row(row, windows, key)
    if len(row) >= windows.packed_max or len(key.encode()) > PACKED_KEY_MAX:
        for at, own in task.scan(windows.table, *windows.table.prefix(series.number, start, key), PART_ROWS_MAX):
            if at != packed:
                yield str(windows.table.parts(at)[3]), own[""]


def _packed(task: Task, series: Series, start: int, key: str | None) -> Iterator[tuple[str, list[Any]]]:
    row: Entries = task.read(series.windows.table, series.packed(start)) or {}
    return iter(row.items()) if key is None else _of_row(row, series.windows, key)


def _of_row(row: Entries, windows: Windows, key: str) -> Iterator[tuple[str, list[Any]]]:
    length = windows.part_length
    if not length:
        return iter([("", row[key])] if key in row else [])
    return ((entry[:length], measures) for entry, measures in row.items() if entry[length:] == key)


def as_json_value(measures: list[Any]) -> list[Any]:
    """Measures as a JSON value, decimals as text."""
    return [str(each) if isinstance(each, Decimal) else each for each in measures]
