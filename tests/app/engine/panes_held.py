"""What panes hold, as the rows of a task say and as the reference says, in one form to be compared."""

from collections import Counter
from fractions import Fraction
from typing import Any

from app.domain import measures
from app.domain.windows import MINUTES, SIZES, horizon
from app.engine.panes import Windows, entries_of
from app.engine.task import Task
from app.engine.windows import newest_of, open_minute
from app.simulator.reference.model import Reference

NAMES = {"sales": measures.SALES, "bookings": measures.BOOKINGS, "payments": measures.PAYMENTS}
Held = dict[tuple[int, int, str], dict[str, Any]]


def held(task: Task, windows: Windows, *, total: bool = False) -> Held:
    """Measures by pane span, pane start and key, as committed; nothing that has expired."""
    newest = newest_of(task.read(windows.clock, windows.clock.key()))
    found: dict[tuple[int, int, str], Counter[str]] = {}
    for key, row in task.scan(windows.table, *windows.table.prefix(), 1_000_000):
        for number, start, entry, values in entries_of(windows, key, row):
            size = SIZES[number % len(SIZES)]
            if start < horizon(size, newest) or total != (number >= len(SIZES)):
                continue
            named = dict(zip(NAMES[windows.name], map(Fraction, values), strict=True))
            if windows.name == "bookings":
                named[entry[:3]] = named.pop("amount")
            places = [(size.span, start)]
            if size is MINUTES and start == open_minute(newest) and entry in row:
                places.append((SIZES[1].span, start - start % SIZES[1].span))
            for place in places:
                found.setdefault((*place, entry[windows.part_length :]), Counter()).update(named)
    return {place: +values for place, values in found.items()}


def modelled(model: Reference, windows: Windows, *, total: bool = False) -> Held:
    """The same of the reference, of which everything is in one partition."""
    found: dict[tuple[int, int, str], Counter[str]] = {}
    reference = model.windows[windows.name]
    for place, keys in reference.panes.items():
        if reference.is_kept(place):
            for key, values in keys.items():
                found.setdefault((place.span, place.start, "" if total else key), Counter()).update(values)
    return {place: +values for place, values in found.items()}


def assert_same(task: Task, model: Reference, windows: Windows) -> None:
    """Rows, totals, event time and late events, committed and counted, must be what the reference says."""
    for total in (False, True):
        expected = modelled(model, windows, total=total)
        assert held(task, windows, total=total) == expected
        assert len({span for span, _start, _key in expected}) == len(SIZES)
    reference = model.windows[windows.name]
    assert newest_of(task.read(windows.clock, windows.clock.key())) == reference.newest[0]
