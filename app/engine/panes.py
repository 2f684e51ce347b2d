"""How panes lie in a store: the entries of a pane packed into one row, so that a commit writes few rows, not one a key.

    row key:    series | pane start | key | part        series: minutes by key, hours by key, minutes, hours in total
    packed row: no key; up to packed_max entries, each `part + key` -> measures
    own row:    one entry that came when the packed row was full, or whose key is long

Entries stay where they are, so one that is not in the packed row can only have a row of its own where that is full.
Time comes first in the order, so what has expired is a range at the front of a series.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from app.domain.measures import add
from app.domain.windows import SIZES, Entries, EventTime, PaneSize
from app.engine.table import RowTable

#: Bytes of a key that is packed: a unit's packed rows must fit one batch, however many panes it touches.
PACKED_KEY_MAX = 40
#: Code points of a key that is kept at all: no question asks for a longer one. In the total everything counts.
KEY_MAX = 128

Get = Callable[[bytes], bytes | None]
Changes = dict[bytes, Entries]

_numbers = struct.Struct(">QQ").pack
_number = struct.Struct(">Q").unpack_from
_SIGN = 1 << 63


class Windows(NamedTuple):
    """One kind of windows: the tables of its panes and of its event time, and how entries are told apart.

    An entry is a part of part_length characters (a currency), then the key that is asked for. fold adds a list of what
    an agent noted to panes (app.domain.measures).
    """

    name: str
    table: RowTable[Entries]
    clock: RowTable[EventTime]
    part_length: int
    packed_max: int
    fold: Callable[..., None]


class Series(NamedTuple):
    """Panes of one size of one kind of windows, by key or in total."""

    windows: Windows
    number: int
    size: PaneSize

    def packed(self, start: int) -> bytes:
        """Key of a pane's packed row."""
        # What KeyFormat makes of (number, start, "", ""), at a tenth of its price.
        return self.windows.table.format.tag + _numbers(self.number + _SIGN, start + _SIGN) + b"\0\0"

    def own(self, start: int, entry: str) -> bytes:
        """Key of an entry's own row."""
        length = self.windows.part_length
        return self.windows.table.key(self.number, start, entry[length:], entry[:length])

    def span(self, first: int, stop: int) -> tuple[bytes, bytes]:
        """First key, and the key behind the last, of panes that start in [first, stop)."""
        return self.windows.table.prefix(self.number, first)[0], self.windows.table.prefix(self.number, stop)[0]


def keyed(windows: Windows, size: PaneSize) -> Series:
    """Panes by key."""
    return Series(windows, SIZES.index(size), size)


def totals(windows: Windows, size: PaneSize) -> Series:
    """Panes over all keys."""
    return Series(windows, len(SIZES) + SIZES.index(size), size)


def all_series(windows: Windows) -> tuple[Series, ...]:
    """Every series of a kind of windows, by their numbers."""
    return (*(keyed(windows, size) for size in SIZES), *(totals(windows, size) for size in SIZES))


class PaneRows:
    """The rows of one pane of a series. A unit adds to `entries`: to the packed row itself where the pane is open."""

    def __init__(self, series: Series, start: int) -> None:
        self.series = series
        self.start = start
        self.entries: Entries = {}
        self._row: Entries | None = None
        self._packed = 0

    def open(self, get: Get | None) -> None:
        """Let entries be the packed row; without get there can be none yet."""
        self.entries = self.row(get) if get else {}
        self._row, self._packed = self.entries, len(self.entries)

    def row(self, get: Get) -> Entries:
        """The packed row."""
        if self._row is None:
            self._row = self._read(get, self.series.packed(self.start)) or {}
        return self._row

    def settle(self, get: Get, changes: Changes) -> Entries:
        """Put what was added where it belongs, and answer what the pane's hour does not get when the pane is over."""
        if self.entries is not self._row:
            added, self.entries = self.entries, {}
            self.add(added, get, changes)
            return added
        own = self._own(list(islice(self.entries, self._packed, None)), self._packed)
        added = {entry: self.entries.pop(entry) for entry in own}
        changes[self.series.packed(self.start)] = self.entries
        for entry, measures in added.items():
            self._put(entry, measures, get, changes)
        self._packed = len(self.entries)
        return added

    def add(self, added: Entries, get: Get, changes: Changes) -> None:
        """Add entries to the pane's rows."""
        row = self.row(get)
        own = set(self._own([entry for entry in added if entry not in row], len(row)))
        for entry, measures in added.items():
            if entry in own:
                self._put(entry, measures, get, changes)
            else:
                add(row, entry, measures)
        if len(own) < len(added):
            changes[self.series.packed(self.start)] = row

    def close(self) -> None:
        """The pane is no longer open: what is added now is kept apart from its row, for its hour gets it, too."""
        self.entries = {}

    def _own(self, new: list[str], held: int) -> list[str]:
        """Which new entries can't be packed where so many are already."""
        most, length = self.series.windows.packed_max, PACKED_KEY_MAX + self.series.windows.part_length
        text = "".join(new)
        if text.isascii() and held + len(new) <= most and (len(text) <= length or max(map(len, new)) <= length):
            return []
        own = []
        for entry in new:
            if held < most and len(entry.encode()) <= length:
                held += 1
            else:
                own.append(entry)
        return own

    def _put(self, entry: str, measures: list[Any], get: Get, changes: Changes) -> None:
        if len(entry) - self.series.windows.part_length > KEY_MAX:
            return
        key = self.series.own(self.start, entry)
        row = changes.get(key) or self._read(get, key) or {}
        add(row, "", measures)
        changes[key] = row

    def _read(self, get: Get, key: bytes) -> Entries | None:
        raw = get(key)
        return None if raw is None else self.series.windows.table.decode(raw)


def start_of(key: bytes) -> int:
    """The pane start in a row's key."""
    return int(_number(key, 9)[0]) - _SIGN


def starts_of(keys: Iterable[bytes]) -> list[int]:
    """The pane starts in many rows' keys."""
    return [_number(key, 9)[0] - _SIGN for key in keys]


def entries_of(windows: Windows, key: bytes, row: Entries) -> Iterator[tuple[int, int, str, list[Any]]]:
    """Number of the series, pane start, entry and measures of each entry in a row."""
    number, start, asked, part = windows.table.parts(key)
    for entry, measures in row.items():
        yield int(number), int(start), entry or f"{part}{asked}", measures
