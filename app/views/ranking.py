"""/v1/windows/…/ranking: which stores, regions or currencies had the most in a span of event time."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from aiohttp import web
from typing_extensions import TypedDict

from app.domain.measures import add
from app.domain.windows import HOURS, MINUTES, Entries, Window, horizon
from app.engine.group import BOOKINGS, INVENTORY, PAYMENTS, Group
from app.engine.panes import Windows, entries_of, keyed
from app.engine.windows import newest_of, open_minute
from app.views.as_of import AsOf
from app.views.blocks import as_json_value
from app.views.parameters import Query
from app.views.parts import Part, Question, scanned
from app.views.responses import bad
from app.views.spans import MOMENT_MAX
from app.views.windows import SHOWN
from app.views.worker import Task
from tables.windows import booking_windows, payment_windows
from tables.windows import sales as sales_windows

#: Regions or currencies one partition may name.
KEYS_MAX = 10_000
RANKS_MAX = 100


class SalesRank(TypedDict):
    """A store's sum over the span."""

    key: str
    unitsSold: int
    unitsReturned: int
    movements: int


class BookingsRank(TypedDict):
    """A region's sum over the span."""

    key: str
    pending: int
    confirmed: int
    cancelled: int
    amended: int
    nights: int
    amount: dict[str, float]


class PaymentsRank(TypedDict):
    """A currency's sum over the span, money in minor units."""

    key: str
    authorized: int
    completed: int
    failed: int
    refunded: int
    completedMinor: int
    refundedMinor: int


class SalesRanking(TypedDict):
    """Stores by units sold, most first."""

    ranking: list[SalesRank]
    asOf: list[AsOf]


class BookingsRanking(TypedDict):
    """Regions by confirmed bookings, most first."""

    ranking: list[BookingsRank]
    asOf: list[AsOf]


class PaymentsRanking(TypedDict):
    """Currencies by completed payments, most first."""

    ranking: list[PaymentsRank]
    asOf: list[AsOf]


def of(windows: Windows, group: Group, by: str) -> Callable[[web.Request], Question]:
    """What parses a request for the ranking of this kind of windows, by one of its measures."""

    def parse(request: web.Request) -> Question:
        query = Query(request, "from", "to", "limit")
        first, end = query.number("from", -MOMENT_MAX, MOMENT_MAX), query.number("to", -MOMENT_MAX, MOMENT_MAX)
        if first >= end:
            raise bad("from", "is not before to")
        limit = query.number("limit", 1, RANKS_MAX, 10)

        async def read(task: Task) -> list[Any]:
            return [[entry, as_json_value(sums)] for entry, sums in (await _sums(task, windows, first, end)).items()]

        def merge(parts: list[Part]) -> dict[str, Any]:
            return {"ranking": _ranked(windows, parts, by)[:limit]}

        return Question(group, range(group.partitions), read, merge)

    return parse


async def _sums(task: Task, windows: Windows, first: int, end: int) -> Entries:
    """By entry, of the panes that start in the span; of the hours where it is made of hours."""
    size = HOURS if first % HOURS.span == end % HOURS.span == 0 else MINUTES
    newest = newest_of(task.read(windows.clock, windows.clock.key()))
    low = -(-max(first, horizon(size, newest), 0) // size.span) * size.span
    high = min(end, newest + 1)
    sums: Entries = {}
    if low >= high:
        return sums
    async for chunk in scanned(task, windows.table, *keyed(windows, size).span(low, high), asked_by="to"):
        for key, row in chunk:
            for _, _, entry, measures in entries_of(windows, key, row):
                add(sums, entry, measures)
        _refuse_too_many(sums)
    minute = open_minute(newest)
    if size is HOURS and low <= minute < high:
        # What is packed of the open minute is not in its hour yet.
        for entry, measures in (task.read(windows.table, keyed(windows, MINUTES).packed(minute)) or {}).items():
            add(sums, entry, measures)
    _refuse_too_many(sums)
    return sums


def _refuse_too_many(sums: Entries) -> None:
    if len(sums) > KEYS_MAX:
        raise bad("to", f"asks for over {KEYS_MAX} keys of one partition")


def _ranked(windows: Windows, parts: Sequence[Part], by: str) -> list[dict[str, Any]]:
    length = windows.part_length
    found: dict[str, Entries] = {}
    for part in parts:
        for entry, measures in part.rows:
            known = [Decimal(each) if isinstance(each, str) else each for each in measures]
            add(found.setdefault(entry[length:], {}), entry[:length], known)
    rows = [{"key": key, **SHOWN[windows.name](Window(0, 0, sums))} for key, sums in found.items()]
    return sorted(rows, key=lambda row: (-row[by], row["key"]))


sales = of(sales_windows, INVENTORY, "unitsSold")
bookings = of(booking_windows, BOOKINGS, "confirmed")
payments = of(payment_windows, PAYMENTS, "completed")
