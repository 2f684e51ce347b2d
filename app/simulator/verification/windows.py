"""Windows as a changelog's rows say, and as the reference says: sums by pane and key, in one form to be compared."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from app.domain import measures
from app.domain.windows import HOURS, MINUTES, SIZES, Entries, horizon
from app.engine.panes import Windows, entries_of
from app.engine.windows import newest_of, open_minute
from app.simulator.reference import windows as reference

NAMES = {"sales": measures.SALES, "bookings": measures.BOOKINGS, "payments": measures.PAYMENTS}
OF_SIZE = {size.span: size for size in SIZES}


class Place(NamedTuple):
    """What is compared: one key of one pane, or, without a key, all of them together."""

    span: int
    start: int
    key: str | None

    @property
    def pane(self) -> tuple[int, int]:
        """The pane alone."""
        return self.span, self.start

    def __str__(self) -> str:
        return f"{self.span // 60_000}m / {self.start} / {'all' if self.key is None else self.key}"


Sums = dict[Place, dict[str, Any]]


def newest(windows: Windows, rows: Mapping[bytes, bytes]) -> int:
    """The event time among a changelog's rows."""
    raw = rows.get(windows.clock.key())
    return newest_of(None if raw is None else windows.clock.decode(raw))


def held(windows: Windows, rows: Mapping[bytes, bytes]) -> Sums:
    """What the rows say, without panes that have expired."""
    now = newest(windows, rows)
    sums: dict[Place, Counter[str]] = {}
    for key, value in rows.items():
        if key.startswith(windows.table.format.tag):
            row = windows.table.decode(value)
            for place, entry in _places(windows, key, row, now):
                sums.setdefault(place, Counter()).update(entry)
    return {place: dict(+found) for place, found in sums.items()}


def _places(windows: Windows, key: bytes, row: Entries, now: int) -> Iterator[tuple[Place, dict[str, Fraction]]]:
    for number, start, entry, values in entries_of(windows, key, row):
        size = SIZES[number % len(SIZES)]
        if start < horizon(size, now):
            continue
        named = dict(zip(NAMES[windows.name], map(Fraction, values), strict=True))
        if windows.part_length:
            named[entry[: windows.part_length]] = named.pop("amount")
        asked = None if number >= len(SIZES) else entry[windows.part_length :]
        yield Place(size.span, start, asked), named
        if size is MINUTES and start == open_minute(now) and entry in row:
            yield Place(HOURS.span, start - start % HOURS.span, asked), named


def modelled(model: reference.Windows, now: int) -> Sums:
    """What the reference says of a partition, as of an event time."""
    sums: dict[Place, Counter[str]] = {}
    for pane, keys in model.panes.items():
        if pane.start >= horizon(OF_SIZE[pane.span], now):
            for key, values in keys.items():
                for asked in (key, None):
                    sums.setdefault(Place(pane.span, pane.start, asked), Counter()).update(values)
    return {place: dict(+found) for place, found in sums.items()}


def doubtful(windows: Windows, older: Iterable[bytes]) -> set[tuple[int, int]]:
    """Panes that hold, or may hold, more than what the source still has: those of older rows, and their hours."""
    found = set()
    for key in older:
        if key.startswith(windows.table.format.tag):
            number, start = (int(part) for part in windows.table.parts(key)[:2])
            found.add((SIZES[number % len(SIZES)].span, start))
            found.add((HOURS.span, start - start % HOURS.span))
    return found


def around(moments: Iterable[int]) -> set[tuple[int, int]]:
    """The panes of every size that these event times lie in."""
    return {(size.span, at - at % size.span) for at in moments for size in SIZES}
