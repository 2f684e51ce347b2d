"""What one copy of a partition knows of some windows: the sums of its panes, block by block."""

from collections.abc import AsyncIterator, Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from app.domain.measures import add
from app.domain.windows import HOURS, MINUTES, Entries, horizon
from app.engine.panes import PACKED_KEY_MAX, Series, Windows, keyed, start_of, starts_of, totals
from app.engine.windows import newest_of, open_minute
from app.views.parts import PART_ROWS_MAX, scanned
from app.views.responses import bad
from app.views.spans import Spans
from app.views.worker import Task

#: A block's start, its part and measures, decimals as text: a JSON value.
Row = list[Any]
#: A pane's or a block's start, and the part of what it holds.
At = tuple[int, str]
#: The measures of it.
Found = tuple[At, list[Any]]
Sums = dict[At, list[Any]]


class Asked(NamedTuple):
    """Windows of one kind; key is None for the sums over all keys."""

    windows: Windows
    spans: Spans
    key: str | None


async def blocks(task: Task, asked: Asked) -> Sums:
    """The blocks with anything in them; what has expired is not there any more."""
    length, size = asked.spans.block, asked.spans.panes
    # A minute in total is one row, but for currencies without room in it: then nothing is to be added up here.
    apart = asked.key is None and not asked.windows.part_length and length == size.span == MINUTES.span
    sums: Sums = {}
    async for found in _panes(task, asked):
        if apart:
            sums.update(found)
        else:
            for (start, part), measures in found:
                add(sums, (start - start % length, part), measures)
        if len(sums) > PART_ROWS_MAX:
            raise bad("to", f"asks for over {PART_ROWS_MAX} rows of one partition")
    return sums


def combined(copies: list[Sums]) -> list[Row]:
    """The blocks of several copies added up, as a JSON value."""
    sums: Sums = {at: list(measures) for at, measures in copies[0].items()} if copies else {}
    for copy in copies[1:]:
        for at, measures in copy.items():
            add(sums, at, measures)
    return [[start, part, as_json_value(measures)] for (start, part), measures in sums.items()]


def summed(rows: Iterable[Row]) -> Sums:
    """Blocks of several workers added up."""
    sums: Sums = {}
    for start, part, measures in rows:
        add(sums, (start, part), [Decimal(each) if type(each) is str else each for each in measures])
    return sums


async def _panes(task: Task, asked: Asked) -> AsyncIterator[list[Found]]:
    windows, size = asked.windows, asked.spans.panes
    newest = newest_of(task.read(windows.clock, windows.clock.key()))
    first, end = asked.spans.whole
    low = -(-max(first, horizon(size, newest), 0) // size.span) * size.span
    high = min(end, newest + 1)
    hour = newest - newest % HOURS.span
    if size is HOURS and low <= hour < high:
        # All at once: a commit in between might end the minute, and it would count twice.
        yield _open_hour(task, asked, hour, open_minute(newest))
        high = hour
    look = _totals if asked.key is None else _keyed
    async for found in look(task, asked, low, high):
        yield found


def _open_hour(task: Task, asked: Asked, hour: int, minute: int) -> list[Found]:
    """The newest hour, and what is packed of its open minute, which is not in it yet."""
    windows, key = asked.windows, asked.key
    packed = (totals if key is None else keyed)(windows, MINUTES).packed(minute)
    row: Entries = task.read(windows.table, packed) or {}
    if key is None:
        rows = task.scan(windows.table, *totals(windows, HOURS).span(hour, hour + 1), PART_ROWS_MAX)
        return _found(windows, [*rows, (packed, row)])
    parts = [*of_key(task, keyed(windows, HOURS), hour, key), *_of_row(row, windows, key)]
    return [((hour, part), measures) for part, measures in parts]


def _found(windows: Windows, rows: list[tuple[bytes, Entries]]) -> list[Found]:
    """What rows of totals hold: an entry's key is its part, and so is that of an entry with a row of its own."""
    if not windows.part_length:
        starts = starts_of(key for key, _ in rows)
        return [((start, ""), found) for start, (_, row) in zip(starts, rows, strict=True) for found in row.values()]
    return [
        ((start_of(key), entry or str(windows.table.parts(key)[3])), measures)
        for key, row in rows
        for entry, measures in row.items()
    ]


async def _totals(task: Task, asked: Asked, low: int, high: int) -> AsyncIterator[list[Found]]:
    async for chunk in _chunks(task, asked, low, high):
        yield _found(asked.windows, chunk)


async def _keyed(task: Task, asked: Asked, low: int, high: int) -> AsyncIterator[list[Found]]:
    """Pane by pane, but only where there is one: its total says so."""
    series, last = keyed(asked.windows, asked.spans.panes), -1
    async for chunk in _chunks(task, asked, low, high):
        # Currencies without room in their total's row have rows of their own, maybe over several chunks.
        starts = dict.fromkeys(start for key, _ in chunk if (start := start_of(key)) != last)
        last = next(reversed(starts), last)
        key = asked.key or ""
        yield [((start, part), found) for start in starts for part, found in of_key(task, series, start, key)]


def _chunks(task: Task, asked: Asked, low: int, high: int) -> AsyncIterator[list[tuple[bytes, Entries]]]:
    span = totals(asked.windows, asked.spans.panes).span(low, max(low, high))
    return scanned(task, asked.windows.table, *span, asked_by="to")


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
