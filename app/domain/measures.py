"""What applied events add to the windows of sales, bookings and payments."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from app.domain.bookings import Booking, transition
from app.domain.exact import ZERO, amount, plus
from app.domain.payments import Payment
from app.domain.windows import MINUTES, Pane, Panes
from schemas.inventory import InventoryEvent

#: Units sold, units returned, movements.
SALES = ("unitsSold", "unitsReturned", "movements")
#: Entries into each status and amendments, room-nights of entries into CONFIRMED, their amount.
BOOKINGS = ("pending", "confirmed", "cancelled", "amended", "nights", "amount")
#: Entries into each status, amounts in minor units of those that completed and were refunded.
PAYMENTS = ("authorized", "completed", "failed", "refunded", "completedMinor", "refundedMinor")

CURRENCY_LETTERS = 3

Key = TypeVar("Key")


class Entry(NamedTuple):
    """What one applied event adds: under a key (a currency in front where totals are by currency) and to the total."""

    key: str
    part: str
    at: int
    measures: list[Any]


def of_booking(before: Booking | None, after: Booking) -> Entry:
    """What an accepted booking event adds; its key is currency and region."""
    measures: list[Any] = [0, 0, 0, 0, 0, ZERO]
    kind = transition(before, after)
    measures[BOOKINGS.index(kind)] = 1
    if kind == "confirmed":
        measures[4] = after.rooms * (after.check_out - after.check_in)
        measures[5] = amount(after.total_amount)
    return Entry(after.currency + after.region, after.currency, after.updated_at, measures)


def of_payment(after: Payment) -> Entry:
    """What an accepted payment event adds; its key is the currency."""
    minor = Decimal(after.amount_minor)
    counts = [int(after.status == name.upper()) for name in PAYMENTS[:4]]
    money = [minor if after.status == status else ZERO for status in ("COMPLETED", "REFUNDED")]
    return Entry(after.currency, "", after.updated_at, [*counts, *money])


def fold(panes: Panes, entries: Iterable[Entry]) -> None:
    """Add entries to their panes, in the order of the log."""
    for entry in entries:
        panes.newest = max(panes.newest, entry.at)
        pane = panes.of(entry.at)
        add(pane.entries, entry.key, entry.measures)
        add(pane.totals, entry.part, entry.measures)


def add(entries: dict[Key, list[Any]], key: Key, measures: list[Any]) -> None:
    """Add measures to those of a key, in place."""
    held = entries.get(key)
    if held is None:
        entries[key] = list(measures)
    elif len(held) == len(SALES):
        # Written out: most of what is added is sales.
        held[0] += measures[0]
        held[1] += measures[1]
        held[2] += measures[2]
    else:
        held[:] = map(plus, held, measures)


def fold_sales(panes: Panes, events: Sequence[InventoryEvent]) -> None:
    """Add applied inventory events to the panes of their stores: the hot path, hence columns, and sums in place."""
    _, places, stores, _, kinds, quantities, times, *_ = zip(*events, strict=True)
    newest, low, high, kept_until = panes.newest, 0, 0, 0
    pane = Pane({}, {})
    entries, sums = pane.entries, [0, 0, 0]
    for place, store, kind, quantity, at in zip(places, stores, kinds, quantities, times, strict=True):
        if at > newest:  # noqa: PLR1730 - max() costs a call for each event
            newest = at
        if kind == "COUNT" or place != "STORE":
            continue
        if not low <= at < high or newest > kept_until:
            add(pane.totals, "", sums)
            panes.newest, late = newest, panes.late
            pane = panes.of(at)
            entries, sums = pane.entries, [0, 0, 0]
            low = at - at % MINUTES.span
            # Each late event is to be counted, so the next one must look again.
            high = low + MINUTES.span if panes.late == late else low
            kept_until = high + MINUTES.kept
        held = entries.get(store)
        if held is None:
            held = entries[store] = [0, 0, 0]
        held[2] += 1
        sums[2] += 1
        if kind == "SALE":
            held[0] += quantity
            sums[0] += quantity
        elif kind == "RETURN":
            held[1] += quantity
            sums[1] += quantity
    add(pane.totals, "", sums)
    panes.newest = newest
