"""Partitions that stand still because of something outside: why, since when, and when to try again.

Each is told by one log line when it has stood for a moment, one when it goes on, and a gauge between the two.
"""

from time import monotonic
from typing import Any, NamedTuple

from faust.types import TP


class Reason(NamedTuple):
    """Why a partition stands: tried again after first_s, then doubled up to most_s; told after told_s (seconds)."""

    name: str
    what: str
    first_s: float
    most_s: float
    told_s: float


#: A registry answers within a moment when it can: that much is no news.
REGISTRY = Reason("registry", "a schema it needs can't be had from the registry", 0.05, 2.0, 1.0)
#: A topic that takes nothing is somebody's to mend.
REFUSED = Reason("refused", "what it sends is not taken", 1.0, 30.0, 0.0)


class _Stop:
    def __init__(self, now: float) -> None:
        self.since = now
        self.tries = 0
        self.told = False


class Stops:
    """The stops of one worker, by source partition and reason."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._held: dict[tuple[TP, Reason], _Stop] = {}

    def again(self, tp: TP, reason: Reason, what: str = "") -> float:
        """A partition stands, or still does; the seconds after which to try again. what says more than the reason."""
        now = monotonic()
        stop = self._held.setdefault((tp, reason), _Stop(now))
        wait_s = min(reason.first_s * 2.0**stop.tries, reason.most_s)
        stop.tries = min(stop.tries + 1, 30)
        if not stop.told and now - stop.since >= reason.told_s:
            stop.told = True
            self._log.warning("%s-%d stands still: %s; it is tried again", tp.topic, tp.partition, what or reason.what)
        return wait_s

    def over(self, tp: TP, reason: Reason) -> None:
        """A partition goes on, if it stood for that reason."""
        stop = self._held.pop((tp, reason), None)
        if stop is not None and stop.told:
            seconds = monotonic() - stop.since
            self._log.warning("%s-%d goes on after %.1f s (%s)", tp.topic, tp.partition, seconds, reason.name)

    def keep(self, tps: set[TP]) -> None:
        """Only these are still here: whoever has the others now finds out by itself."""
        self._held = {held: stop for held, stop in self._held.items() if held[0] in tps}

    def clear(self) -> None:
        """The partitions move: whoever has them next finds out by itself."""
        self._held.clear()

    def shown(self) -> dict[tuple[str, int, str], int]:
        """1 for each stop by topic, partition and reason's name, but for those not worth telling yet."""
        return {(tp.topic, tp.partition, reason.name): 1 for (tp, reason), stop in self._held.items() if stop.told}
