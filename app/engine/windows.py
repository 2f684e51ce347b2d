"""Windows as a unit adds to them: once, when it ends, from what its agent noted. Rows go the way of all rows.

    minutes   ──|─ over ─|─ over ─|─ open ─┆          the open minute is the newest one; events are added to its row,
    hour      ──|────────────────┆                     which its hour gets when the minute is over

What comes for a minute that is over goes to its hour at once, and so does what has a row of its own. An hour is thus
its rows and, while its newest minute is open, that minute's packed row.
"""

from typing import Any

from app.domain.windows import HOURS, MINUTES, NEVER, SIZES, Entries, EventTime, Pane, Panes, PaneSize, horizon
from app.engine.expiry import Expiring
from app.engine.panes import Changes, PaneRows, Series, Windows, all_series
from app.engine.pending import Pending
from app.engine.task import Task

#: Minutes and hours behind the newest that stay in memory, for events that come out of order.
_PANES_KEPT = 3
#: Expired rows a unit deletes: more than it can add, so that they never pile up.
_EXPIRED_MIN = 64
_EXPIRED_A_EVENT = 8


def open_minute(newest: int) -> int:
    """Start of the minute that is not in its hour yet."""
    return newest - newest % MINUTES.span


def newest_of(clock: EventTime | None) -> int:
    """The time a clock's row shows."""
    return NEVER if clock is None else clock.newest


class OpenPanes:
    """What a task keeps in memory of one kind of windows: event time, newest panes, what expires next."""

    def __init__(self, task: Task, windows: Windows) -> None:
        raw = task.latest(windows.clock.key())
        self.newest = newest_of(None if raw is None else windows.clock.decode(raw))
        self._series = all_series(windows)
        self.expiring = Expiring(task, windows, self._series)
        self._get = task.latest
        self._rows: dict[tuple[int, int], PaneRows] = {}
        self._used: list[PaneRows] = []
        self._loaded = 0

    def load(self, size: PaneSize, start: int) -> Pane:
        """The pane of a size that starts at a time."""
        of_key, total = (self._pane(series, start) for series in self._series[SIZES.index(size) :: len(SIZES)])
        self._used += (of_key, total)
        return Pane(of_key.entries, total.entries)

    def settle(self, newest: int) -> Changes:
        """What was added since the last time, as rows to be written; newest is the event time now."""
        changes: Changes = {}
        over, now = open_minute(self.newest), open_minute(newest)
        for rows in self._used:
            to_hour = rows.settle(self._get, changes)
            if rows.series.size is MINUTES:
                self._add_to_hour(rows, to_hour, newest, changes)
                if over < rows.start < now:
                    self._end(rows, newest, changes)
        if over < now:
            for series in self._series[:: len(SIZES)]:
                self._end(self._pane(series, over), newest, changes)
        self._used.clear()
        self.newest = max(self.newest, newest)
        self._trim()
        return changes

    def _pane(self, series: Series, start: int) -> PaneRows:
        rows = self._rows.get((series.number, start))
        if rows is None:
            rows = self._rows[series.number, start] = PaneRows(series, start)
            if series.size is MINUTES and start >= open_minute(self.newest):
                # Nothing can be there of a minute that is ahead of all events.
                rows.open(None if start > self.newest else self._get)
        return rows

    def _end(self, rows: PaneRows, newest: int, changes: Changes) -> None:
        self._add_to_hour(rows, rows.row(self._get), newest, changes)
        rows.close()

    def _add_to_hour(self, rows: PaneRows, added: Entries, newest: int, changes: Changes) -> None:
        start = rows.start - rows.start % HOURS.span
        if added and start >= horizon(HOURS, newest):
            self._pane(self._series[rows.series.number + 1], start).add(added, self._get, changes)

    def _trim(self) -> None:
        """Keep the newest panes only."""
        if len(self._rows) != self._loaded:
            oldest = {size: self.newest - (_PANES_KEPT + 1) * size.span for size in SIZES}
            for at, rows in list(self._rows.items()):
                if rows.start <= oldest[rows.series.size]:
                    del self._rows[at]
            self._loaded = len(self._rows)


class Noted:
    """What one unit adds to one kind of windows."""

    def __init__(self, task: Task, windows: Windows) -> None:
        self._task = task
        self._windows = windows
        noted: list[Any] = []
        #: What was applied: a list, or columns of it.
        self.events: Any = noted
        #: Note one that was applied.
        self.add = noted.append

    def flush(self, pending: Pending) -> None:
        """Hand the changed rows to the task, with those that have expired."""
        if not self.events:
            return
        windows = self._windows
        opened: OpenPanes | None = self._task.open_panes.get(windows.name)
        if opened is None:
            opened = self._task.open_panes[windows.name] = OpenPanes(self._task, windows)
        before = opened.newest
        panes = Panes(before, opened.load)
        windows.fold(panes, self.events)
        encode = windows.table.encode
        rows = {key: encode(row) for key, row in opened.settle(panes.newest).items()}
        if panes.newest > before:
            rows[windows.clock.key()] = windows.clock.encode(EventTime(panes.newest))
        # Not into the cache of rows: a pane that is over is not looked up again, and would only drive others out.
        pending.rows.update(rows)
        expired = opened.expiring.take(panes.newest, _EXPIRED_MIN + _EXPIRED_A_EVENT * len(self.events))
        pending.deleted += expired
        pending.bytes += sum(map(len, rows)) + sum(map(len, rows.values())) + sum(map(len, expired))
        pending.counts.late_dropped[windows.name] += panes.late
