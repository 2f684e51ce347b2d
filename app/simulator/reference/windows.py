"""Section 4's windows: what was applied, by the minute and the hour it occurred in, as long as that is kept."""

from bisect import bisect_left
from collections import Counter, defaultdict
from fractions import Fraction
from operator import attrgetter
from typing import Any, NamedTuple

MINUTE = 60_000
HOUR = 60 * MINUTE
KEPT = {MINUTE: 24 * HOUR, HOUR: 35 * 24 * HOUR}
NAMES = {
    "sales": ("unitsSold", "unitsReturned", "movements"),
    "bookings": ("pending", "confirmed", "cancelled", "amended", "nights"),
    "payments": ("authorized", "completed", "failed", "refunded", "completedMinor", "refundedMinor"),
}
Measures = dict[str, int | Fraction]  # an amount's name is its currency


class Place(NamedTuple):
    """A pane of one source partition: its span and start in milliseconds."""

    partition: int
    span: int
    start: int


class Windows:
    """Panes of one kind: sales by store, bookings by region, payments by currency."""

    def __init__(self) -> None:
        self.newest: dict[int, int] = {}
        self.late = 0
        self.panes: dict[Place, dict[str, Counter[str]]] = defaultdict(dict)

    def applied(self, partition: int, at: int) -> None:
        """Something was applied that occurred then."""
        self.newest[partition] = max(at, self.newest.get(partition, at))

    def count(self, partition: int, key: str, *, at: int, measures: Measures) -> None:
        """Count what was applied last, unless it comes too late."""
        for span in KEPT:
            place = Place(partition, span, at // span * span)
            if self.is_kept(place):
                self.panes[place].setdefault(key, Counter()).update(measures)
            else:
                self.late += 1

    def is_kept(self, place: Place) -> bool:
        """Whether a pane is not older than what is kept behind the newest event of its partition."""
        return place.start + place.span >= self.newest.get(place.partition, 0) - KEPT[place.span]

    def kept(self) -> dict[int, list["Kept"]]:
        """Panes by span, in order of time, without those that are kept no longer."""
        found: dict[int, list[Kept]] = {span: [] for span in KEPT}
        for place in sorted(filter(self.is_kept, self.panes), key=lambda place: place.start):
            found[place.span].append(Kept(place.start, self.panes[place]))
        return found


class Kept(NamedTuple):
    """Measures by key of one pane that is kept."""

    start: int
    keys: dict[str, Counter[str]]


class Question(NamedTuple):
    """Windows of one kind and key (or of all keys) that start in [first, end); times in milliseconds."""

    kind: str
    key: str | None
    first: int
    end: int
    size: int
    step: int

    @property
    def span(self) -> int:
        """The panes it is answered from."""
        return HOUR if self.size % HOUR == 0 and self.step % HOUR == 0 else MINUTE


def ask(kept: dict[int, list[Kept]], question: Question) -> list[dict[str, Any]]:
    """Measures of every window that holds anything."""
    _kind, key, first, end, size, step = question
    panes = kept[question.span]
    found: dict[int, Counter[str]] = defaultdict(Counter)
    begin = bisect_left(panes, first, key=attrgetter("start"))
    for start, keys in panes[begin : bisect_left(panes, end + size, key=attrgetter("start"))]:
        for each in keys if key is None else {key} & keys.keys():
            for window in range(start // step * step, start - size, -step):
                if first <= window < end:
                    found[window].update(keys[each])
    return [shown(question.kind, {"start": at, "end": at + size, **found[at]}) for at in sorted(found)]


def shown(kind: str, window: dict[str, Any]) -> dict[str, Any]:
    """A window as it is answered: every measure, zero or not, and amounts by currency where there is one."""
    named = {name: window.get(name, 0) for name in ("start", "end", *NAMES[kind])}
    amounts = {name: float(window[name]) for name in window.keys() - named.keys()}
    return named | ({"amount": amounts} if kind == "bookings" else {})


def sale(event: dict[str, Any]) -> Measures:
    """What a movement of a store counts."""
    name = {"SALE": "unitsSold", "RETURN": "unitsReturned"}.get(event["eventType"])
    return {"movements": 1} | ({name: event["quantity"]} if name else {})


def booking(status_before: str | None, row: Any) -> Measures:
    """What an accepted event of a booking counts; row is the booking after it."""
    if status_before == row.status:
        return {"amended": 1}
    if row.status != "CONFIRMED":
        return {row.status.lower(): 1}
    nights = row.rooms * (row.check_out - row.check_in)
    return {"confirmed": 1, "nights": nights, row.currency: Fraction(repr(float(row.total_amount)))}


def payment(event: dict[str, Any]) -> Measures:
    """What an accepted event of a payment counts."""
    name = event["status"].lower()
    minor = f"{name}Minor"
    return {name: 1} | ({minor: event["amountMinor"]} if minor in NAMES["payments"] else {})
