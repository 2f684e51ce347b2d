"""Windows: what happened in each minute and hour, by store, region and currency and in all; writers are the agents of
inventory, bookings and payments."""

from decimal import Decimal
from typing import Any

from app.application import app
from app.domain import measures
from app.domain.windows import Entries, EventTime
from app.engine.group import BOOKINGS, INVENTORY, PAYMENTS, Group
from app.engine.keys import KeyFormat
from app.engine.panes import Windows
from app.engine.table import RowFormat, RowTable

#: Series, start (epoch ms); key and part of an entry that has a row of its own.
_PANE_KEY = KeyFormat(b"w", (int, int, str, str))
_CLOCK_KEY = KeyFormat(b"c", ())


def _panes(name: str, group: Group, measure: Any, help: str) -> RowTable[Entries]:
    panes: RowTable[Entries] = app.Table(
        name,
        group=group.name,
        format=_PANE_KEY,
        rows=RowFormat(dict[str, list[measure]]),
        partitions=group.partitions,
        changelog_topic=app.changelog_topic(group),
        help=help,
    )
    return panes


def _clock(group: Group) -> RowTable[EventTime]:
    clock: RowTable[EventTime] = app.Table(
        f"{group.name}-event-time",
        group=group.name,
        format=_CLOCK_KEY,
        rows=RowFormat(EventTime),
        partitions=group.partitions,
        changelog_topic=app.changelog_topic(group),
        help=f"The newest occurredAt applied in a partition of {group.sources[0]}.",
    )
    return clock


sales = Windows(
    "sales",
    _panes("sales-windows", INVENTORY, int, "Units sold and returned, and movements, by minute and hour and store."),
    _clock(INVENTORY),
    part_length=0,
    packed_max=512,
    fold=measures.fold_sales,
)

# Their measures hold sums of any length: fewer in a row.
booking_windows = Windows(
    "bookings",
    _panes("bookings-windows", BOOKINGS, int | Decimal, "Bookings by minute and hour, region and currency."),
    _clock(BOOKINGS),
    part_length=measures.CURRENCY_LETTERS,
    packed_max=32,
    fold=measures.fold,
)

payment_windows = Windows(
    "payments",
    _panes("payments-windows", PAYMENTS, int | Decimal, "Payments by minute and hour and currency."),
    _clock(PAYMENTS),
    part_length=0,
    packed_max=32,
    fold=measures.fold,
)

ALL = (sales, booking_windows, payment_windows)
