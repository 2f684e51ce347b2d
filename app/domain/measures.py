"""What applied events add to the windows of sales, bookings and payments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import compress
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from app.domain.bookings import Booking, transition
from app.domain.exact import ZERO, amount, plus
from app.domain.payments import Payment
from app.domain.windows import MINUTES, Pane, Panes, horizon
from schemas.inventory import InventoryEvent

#: Units sold, units returned, movements.
SALES = ("unitsSold", "unitsReturned", "movements")
#: Entries into each status and amendments, room-nights of entries into CONFIRMED, their amount.
BOOKINGS = ("pending", "confirmed", "cancelled", "amended", "nights", "amount")
#: Entries into each status, amounts in minor units of those that completed and were refunded.
PAYMENTS = ("authorized", "completed", "failed", "refunded", "completedMinor", "refundedMinor")

CURRENCY_LETTERS = 3
#: Events of more minutes than this are added one by one.
_MINUTES_MAX = 16

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


@dataclass(frozen=True, slots=True)
class Sales:
    """Applied events of stores, in columns: stores in ASCII, kinds (event types), quantities, times (epoch ms)."""

    stores: Sequence[bytes]
    kinds: npt.NDArray[np.object_]
    quantities: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.stores)

    def without(self, indexes: Sequence[int]) -> "Sales":
        """All but those."""
        left = np.ones(len(self.stores), np.bool_)
        left[list(indexes)] = False
        stores = list(compress(self.stores, left.tolist()))
        return Sales(stores, self.kinds[left], self.quantities[left], self.times[left])


def fold_sales(panes: Panes, noted: Sequence[InventoryEvent] | Sales) -> None:
    """Add applied inventory events to the panes of their stores, in the order of the log."""
    if isinstance(noted, Sales):
        _fold_columns(panes, noted)
        return
    _, places, stores, _, kinds, quantities, times, *_ = zip(*noted, strict=True)
    # What is of no store only moves the time on, as a count does.
    known = [kind if place == "STORE" else "COUNT" for place, kind in zip(places, kinds, strict=True)]
    _fold_each(panes, stores, known, zip(quantities, times, strict=True))


def _fold_columns(panes: Panes, sales: Sales) -> None:
    """Where nothing is late the order does not matter, and what falls into a minute is added at once."""
    moved = np.flatnonzero(sales.kinds != "COUNT")
    starts = (sales.times - sales.times % MINUTES.span)[moved]
    minutes = np.unique(starts).tolist()
    newest = max(panes.newest, int(sales.times.max()))
    if minutes and (minutes[0] < horizon(MINUTES, newest) or len(minutes) > _MINUTES_MAX):
        stores = [store.decode() for store in sales.stores]
        amounts = zip(sales.quantities.tolist(), sales.times.tolist(), strict=True)
        _fold_each(panes, stores, sales.kinds.tolist(), amounts)
        return
    panes.newest = newest
    for start in minutes:
        _add_minute(panes.of(start), sales, moved[starts == start])


def _add_minute(pane: Pane, sales: Sales, rows: npt.NDArray[np.int64]) -> None:
    kinds, quantities = sales.kinds[rows], sales.quantities[rows]
    stores = [sales.stores[row] for row in rows.tolist()]
    number = {store: n for n, store in enumerate(dict.fromkeys(stores))}
    codes = np.fromiter(map(number.__getitem__, stores), np.int64, len(stores))
    # Sums stay far below 2**53, up to which the doubles they are counted in are exact.
    sold = np.bincount(codes, weights=np.where(kinds == "SALE", quantities, 0))
    returned = np.bincount(codes, weights=np.where(kinds == "RETURN", quantities, 0))
    measures = np.stack((sold, returned, np.bincount(codes)), axis=1).astype(np.int64)
    for store, each in zip(number, measures.tolist(), strict=True):
        add(pane.entries, store.decode(), each)
    add(pane.totals, "", measures.sum(axis=0).tolist())


def _fold_each(panes: Panes, stores: Iterable[str], kinds: Iterable[str], amounts: Iterable[tuple[int, int]]) -> None:
    newest, low, high, kept_until = panes.newest, 0, 0, 0
    pane = Pane({}, {})
    entries, sums = pane.entries, [0, 0, 0]
    for store, kind, (quantity, at) in zip(stores, kinds, amounts, strict=True):
        if at > newest:  # noqa: PLR1730 - max() costs a call for each event
            newest = at
        if kind == "COUNT":
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
