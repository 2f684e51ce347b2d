"""What applied events add to the windows of sales, bookings and payments."""

from collections.abc import Iterable, Iterator, Sequence
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
    """Applied events of stores, in columns: stores in ASCII, units sold and returned, times (epoch ms).

    What did not move anything (a count) is False in `moved`.
    """

    stores: Sequence[bytes]
    sold: npt.NDArray[np.int64]
    returned: npt.NDArray[np.int64]
    moved: npt.NDArray[np.bool_]
    times: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.stores)

    def without(self, indexes: Sequence[int]) -> "Sales":
        """All but those."""
        left = np.ones(len(self.stores), np.bool_)
        left[list(indexes)] = False
        stores = list(compress(self.stores, left.tolist()))
        return Sales(stores, self.sold[left], self.returned[left], self.moved[left], self.times[left])

    def one_by_one(self) -> Iterator[tuple[str, int, int, int, int]]:
        """Store, units sold and returned, movements (0 or 1), time of each."""
        stores = [store.decode() for store in self.stores]
        columns = (column.tolist() for column in (self.sold, self.returned, self.moved.astype(np.int64), self.times))
        return zip(stores, *columns, strict=True)


def fold_sales(panes: Panes, noted: Sequence[InventoryEvent] | Sales) -> None:
    """Add applied inventory events to the panes of their stores, in the order of the log."""
    if isinstance(noted, Sales):
        _fold_columns(panes, noted)
        return
    _fold_each(panes, map(_sale, noted))


def _sale(event: InventoryEvent) -> tuple[str, int, int, int, int]:
    """As Sales has it; what is of no store only moves the time on, as a count does."""
    kind, quantity = event.event_type, event.quantity
    moved = event.location_type == "STORE" and kind != "COUNT"
    sold, returned = quantity if kind == "SALE" else 0, quantity if kind == "RETURN" else 0
    return event.location_id, sold, returned, int(moved), event.occurred_at


def _fold_columns(panes: Panes, sales: Sales) -> None:
    """Where nothing is late the order does not matter, and what falls into a minute is added at once."""
    nth = sales.times // MINUTES.span
    first, last, newest = int(nth.min()), int(nth.max()), max(panes.newest, int(sales.times.max()))
    if first * MINUTES.span < horizon(MINUTES, newest) or last - first >= _MINUTES_MAX:
        _fold_each(panes, sales.one_by_one())
        return
    panes.newest = newest
    number = {store: n for n, store in enumerate(dict.fromkeys(sales.stores))}
    codes = np.fromiter(map(number.__getitem__, sales.stores), np.int64, len(sales.stores))
    codes += (nth - first) * len(number)
    # By minute, then store. Sums stay far below 2**53, up to which the doubles they are counted in are exact.
    size = (last - first + 1) * len(number)
    columns = (sales.sold, sales.returned, sales.moved)
    sums = np.stack([np.bincount(codes, column, size) for column in columns], axis=1).astype(np.int64)
    stores = [store.decode() for store in number]
    for start, added in enumerate(sums.reshape(-1, len(number), len(SALES)), first):
        _add_minute(panes, start * MINUTES.span, stores, added)


def _add_minute(panes: Panes, start: int, stores: list[str], added: npt.NDArray[np.int64]) -> None:
    """Add a minute's measures, a row for each of these stores; those without movements have no entry."""
    rows = np.flatnonzero(added[:, -1])
    if not len(rows):
        return
    pane = panes.of(start)
    entries = pane.entries
    for row, measures in zip(rows.tolist(), added[rows].tolist(), strict=True):
        held = entries.get(stores[row])
        if held is None:
            entries[stores[row]] = measures
        else:
            held[0] += measures[0]
            held[1] += measures[1]
            held[2] += measures[2]
    add(pane.totals, "", added.sum(axis=0).tolist())


def _fold_each(panes: Panes, sales: Iterable[tuple[str, int, int, int, int]]) -> None:
    newest, low, high, kept_until = panes.newest, 0, 0, 0
    pane = Pane({}, {})
    entries, sums = pane.entries, [0, 0, 0]
    for store, sold, returned, moved, at in sales:
        if at > newest:  # noqa: PLR1730 - max() costs a call for each event
            newest = at
        if not moved:
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
        for each in (held, sums):
            each[0] += sold
            each[1] += returned
            each[2] += 1
    add(pane.totals, "", sums)
    panes.newest = newest
