"""Which rows of panes have expired, a few at a time.

What is committed decides: no change that is not on disk yet can be in a pane that had expired by then, so nothing is
left behind.
"""

from collections.abc import Iterable
from itertools import islice

from app.domain.windows import NEVER, horizon
from app.engine.panes import Series, Windows
from app.engine.task import Task

#: Event time between two looks: what has expired is not answered any more, so its deletion has time.
_PAUSE_MS = 600_000


class Expiring:
    """The fronts of all series of one kind of windows: where the next expired rows are, and when there can be some."""

    def __init__(self, task: Task, windows: Windows, series: Iterable[Series]) -> None:
        self._task = task
        self._windows = windows
        self._fronts = {each: each.span(0, 0)[0] for each in series}
        self._looked_at = NEVER - _PAUSE_MS

    def take(self, newest: int, limit: int) -> list[bytes]:
        """Keys of up to limit expired rows, each once; newest is the event time now, committed or not."""
        if newest < self._looked_at + _PAUSE_MS:
            return []
        committed = self._task.read(self._windows.clock, self._windows.clock.key())
        found: list[bytes] = []
        for series, front in self._fronts.items():
            kept_from = horizon(series.size, committed.newest if committed is not None else NEVER)
            stop = series.span(0, max(kept_from, 0))[1]
            if front < stop and len(found) < limit:
                keys = [key for key, _ in islice(self._task.store.scan(front, stop), limit - len(found))]
                found += keys
                self._fronts[series] = stop if len(found) < limit else keys[-1] + b"\0"
        if len(found) < limit:
            self._looked_at = newest
        return found
