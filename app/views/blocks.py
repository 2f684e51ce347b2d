"""What one copy of a partition knows of some windows: the sums of its panes, block by block."""

from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from app.domain.measures import add
from app.domain.windows import HOURS, MINUTES, Entries, horizon
from app.engine.panes import PACKED_KEY_MAX, Series, Windows, keyed, start_of, totals
from app.engine.windows import newest_of, open_minute
from app.views.parts import PART_ROWS_MAX, scanned
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
    hour = newest - newest % HOURS.span
    if size is HOURS and low <= hour < high:
        # All at once: a commit in between might end the minute, and it would count twice.
        for found in [*_open_hour(task, asked, hour, open_minute(newest))]:
            yield found
        high = hour
    look = _totals if asked.key is None else _keyed
    async for found in look(task, asked, low, high):
        yield found


def _open_hour(task: Task, asked: Asked, hour: int, minute: int) -> Iterator[Found]:
    """The newest hour, and what is packed of its open minute, which is not in it yet."""
    windows, key = asked.windows, asked.key
    packed = (totals if key is None else keyed)(windows, MINUTES).packed(minute)
    row: Entries = task.read(windows.table, packed) or {}
    if key is None:
        rows = task.scan(windows.table, *totals(windows, HOURS).span(hour, hour + 1), PART_ROWS_MAX)
        yield from _found(windows, [*rows, (packed, row)])
    else:
        parts = [*of_key(task, keyed(windows, HOURS), hour, key), *_of_row(row, windows, key)]
        yield from ((hour, part, measures) for part, measures in parts)


def _found(windows: Windows, rows: list[tuple[bytes, Entries]]) -> Iterator[Found]:
    for key, row in rows:
        start = start_of(key)
        for entry, measures in row.items():
            yield start, entry or str(windows.table.parts(key)[3]), measures


async def _totals(task: Task, asked: Asked, low: int, high: int) -> AsyncIterator[Found]:
    async for chunk in _chunks(task, asked, low, high):
        for found in _found(asked.windows, chunk):
            yield found


async def _keyed(task: Task, asked: Asked, low: int, high: int) -> AsyncIterator[Found]:
    """Pane by pane, but only where there is one: its total says so."""
    series, last = keyed(asked.windows, asked.spans.panes), -1
    async for chunk in _chunks(task, asked, low, high):
        # Currencies without room in their total's row have rows of their own, maybe over several chunks.
        for start in dict.fromkeys(start_of(key) for key, _ in chunk if start_of(key) != last):
            last = start
            for part, measures in of_key(task, series, start, asked.key or ""):
                yield start, part, measures


def _chunks(task: Task, asked: Asked, low: int, high: int) -> AsyncIterator[list[tuple[bytes, Entries]]]:
    return scanned(task, asked.windows.table, *totals(asked.windows, asked.spans.panes).span(low, max(low, high)))


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


def _of_row(row: Entries, windows: Windows, key: str) -> Iterator[tuple[str, list[Any]]]:
    length = windows.part_length
    if not length:
        return iter([("", row[key])] if key in row else [])
    return ((entry[:length], measures) for entry, measures in row.items() if entry[length:] == key)


def as_json_value(measures: list[Any]) -> list[Any]:
    """Measures as a JSON value, decimals as text."""
    return [str(each) if isinstance(each, Decimal) else each for each in measures]
