"""/v1/windows: sales by store, bookings by region, payments by currency, or all of them, window by window."""

from decimal import Decimal
from typing import Any

import orjson
from aiohttp import web
from typing_extensions import TypedDict

from app.domain.measures import BOOKINGS as OF_BOOKINGS
from app.domain.measures import PAYMENTS as OF_PAYMENTS
from app.domain.measures import SALES as OF_SALES
from app.domain.windows import Block, Window, compose
from app.engine.group import BOOKINGS, INVENTORY, PAYMENTS, Group
from app.engine.panes import Windows
from app.engine.partitioner import partition_of
from app.views.as_of import AsOf
from app.views.blocks import Asked, Sums, blocks, combined, summed
from app.views.fields import EpochMs
from app.views.parameters import Query
from app.views.parts import PART_ROWS_MAX, Part, Question
from app.views.responses import bad
from app.views.spans import NAMES, Spans, spans
from app.views.worker import Task
from tables.windows import booking_windows, payment_windows
from tables.windows import sales as sales_windows


class SalesWindow(TypedDict):
    """What stores sold and took back in [start, end)."""

    start: EpochMs
    end: EpochMs
    unitsSold: int
    unitsReturned: int
    movements: int


class BookingsWindow(TypedDict):
    """Entries into each status in [start, end); nights (room-nights) and amount of those into CONFIRMED."""

    start: EpochMs
    end: EpochMs
    pending: int
    confirmed: int
    cancelled: int
    amended: int
    nights: int
    amount: dict[str, float]


class PaymentsWindow(TypedDict):
    """Entries into each status in [start, end); money in minor units, of all currencies where none was named."""

    start: EpochMs
    end: EpochMs
    authorized: int
    completed: int
    failed: int
    refunded: int
    completedMinor: int
    refundedMinor: int


class SalesAnswer(TypedDict):
    """Windows by start; those with nothing in them are left out."""

    windows: list[SalesWindow]
    asOf: list[AsOf]


class BookingsAnswer(TypedDict):
    """Windows by start; those with nothing in them are left out."""

    windows: list[BookingsWindow]
    asOf: list[AsOf]


class PaymentsAnswer(TypedDict):
    """Windows by start; those with nothing in them are left out."""

    windows: list[PaymentsWindow]
    asOf: list[AsOf]


def sales(request: web.Request) -> Question:
    """Sales of one store, or of all."""
    query = Query(request, "storeId", *NAMES)
    store = query.id("storeId")
    places = range(INVENTORY.partitions) if store is None else (partition_of(store.encode(), INVENTORY.partitions),)
    return _question(INVENTORY, places, Asked(sales_windows, spans(query), store))


def bookings(request: web.Request) -> Question:
    """Bookings of one region, or of all: customers of a region are in every partition."""
    query = Query(request, "region", *NAMES)
    return _question(BOOKINGS, range(BOOKINGS.partitions), Asked(booking_windows, spans(query), query.id("region")))


def payments(request: web.Request) -> Question:
    """Payments in one currency, or in all of them: payments of a currency are in every partition."""
    query = Query(request, "currency", *NAMES)
    return _question(PAYMENTS, range(PAYMENTS.partitions), Asked(payment_windows, spans(query), query.id("currency")))


def _question(group: Group, partitions: Any, asked: Asked) -> Question:
    async def read(task: Task) -> Sums:
        return await blocks(task, asked)

    def merge(parts: list[Part]) -> dict[str, Any]:
        return {"windows": composed(asked.windows, asked.spans, summed(row for part in parts for row in part.rows))}

    return Question(group, partitions, read, merge, combine=combined)


def composed(windows: Windows, asked: Spans, sums: Sums) -> list[dict[str, Any]]:
    """Windows as they are shown, of the blocks of all partitions; a 400 Problem where there is too much of it."""
    left, found = PART_ROWS_MAX, []
    for window in compose([Block(*at, measures) for at, measures in sums.items()], asked.starts, asked.size):
        left -= len(window.parts)
        if left < 0:
            raise bad("to", f"asks for over {PART_ROWS_MAX} amounts")
        found.append({"start": window.start, "end": window.end, **SHOWN[windows.name](window)})
    return found


def _sales(window: Window) -> dict[str, Any]:
    return dict(zip(OF_SALES, window.parts[""], strict=True))


def _bookings(window: Window) -> dict[str, Any]:
    counts = [sum(column) for column in zip(*(each[:-1] for each in window.parts.values()), strict=True)]
    amounts = {part: _number(each[-1]) for part, each in sorted(window.parts.items()) if each[1]}
    return {**dict(zip(OF_BOOKINGS, counts, strict=False)), "amount": amounts}


def _payments(window: Window) -> dict[str, Any]:
    *counts, completed, refunded = window.parts[""]
    return dict(zip(OF_PAYMENTS, [*counts, _number(completed), _number(refunded)], strict=True))


def _number(value: Decimal) -> orjson.Fragment:
    """A JSON number of any length: what no double and no machine's integer holds is still exact."""
    return orjson.Fragment(str(value).encode())


#: How a window of each kind is shown.
SHOWN = {"sales": _sales, "bookings": _bookings, "payments": _payments}
