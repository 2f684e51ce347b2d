"""Stock of one item in one store: movements and counts."""

from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from app.domain.ignored import Ignored

STORE_EVENTS = frozenset({"SALE", "RETURN", "RECEIPT", "TRANSFER_OUT", "TRANSFER_IN", "ADJUSTMENT", "COUNT"})


class StockRow(NamedTuple):
    """What one store holds of one item, in units; times in epoch ms, None where there was no such event."""

    on_hand: int = 0
    counted_at: int | None = None
    variance: int | None = None
    recount: bool = False
    last_event_at: int | None = None
    last_sold_at: int | None = None
    sold: int = 0
    returned: int = 0
    received: int = 0
    transferred_in: int = 0
    transferred_out: int = 0
    adjusted: int = 0
    late_movements: int = 0


_EMPTY = StockRow()
# Half the price of calling the class; this runs once for every store event.
_new = tuple.__new__


def decide(row: StockRow | None, event_type: str, quantity: int, occurred_at: int) -> StockRow | Ignored:
    """The row after one STORE event; quantity in units, occurred_at in epoch ms; ValueError for no store event type."""
    (on_hand, counted_at, variance, recount, last_event_at, last_sold_at,
     sold, returned, received, moved_in, moved_out, adjusted, late) = row or _EMPTY  # fmt: skip
    if event_type == "SALE":
        sold += quantity
        change = -quantity
        if last_sold_at is None or occurred_at > last_sold_at:
            last_sold_at = occurred_at
    elif event_type == "COUNT":
        return _count(row or _EMPTY, quantity, occurred_at)
    elif event_type == "RECEIPT":
        received += quantity
        change = quantity
    elif event_type == "RETURN":
        returned += quantity
        change = quantity
    elif event_type == "TRANSFER_IN":
        moved_in += quantity
        change = quantity
    elif event_type == "TRANSFER_OUT":
        moved_out += quantity
        change = -quantity
    elif event_type == "ADJUSTMENT":
        adjusted += quantity
        change = quantity
    else:
        raise ValueError("not an event type of a store")
    if counted_at is None or occurred_at > counted_at:
        on_hand += change
    else:
        late += 1
    last_event_at = occurred_at if last_event_at is None or occurred_at > last_event_at else last_event_at
    return _new(StockRow, (on_hand, counted_at, variance, recount, last_event_at, last_sold_at,
                           sold, returned, received, moved_in, moved_out, adjusted, late))  # fmt: skip


def _count(row: StockRow, quantity: int, occurred_at: int) -> StockRow | Ignored:
    if row.counted_at is not None and occurred_at < row.counted_at:
        return Ignored.STALE_COUNT
    last = row.last_event_at
    recount = last is not None and occurred_at < last
    newest = last if recount else occurred_at
    return _new(StockRow, (quantity, occurred_at, quantity - row.on_hand, recount, newest, *row[5:]))


_TOTALS = {
    "SALE": "sold",
    "RETURN": "returned",
    "RECEIPT": "received",
    "TRANSFER_IN": "transferred_in",
    "TRANSFER_OUT": "transferred_out",
    "ADJUSTMENT": "adjusted",
}
_LEAVES = frozenset({"SALE", "TRANSFER_OUT"})


def first_rows(
    event_type: str, quantities: npt.NDArray[np.int64], times: npt.NDArray[np.int64]
) -> Iterator[tuple[Any, ...]]:
    """What `decide` makes of no row, for many STORE events of one type: the fields of each StockRow."""
    given, at = quantities.tolist(), times.tolist()
    fields: dict[str, Iterable[Any]] = {name: repeat(value) for name, value in _EMPTY._asdict().items()}
    fields |= {"on_hand": (-quantities).tolist() if event_type in _LEAVES else given, "last_event_at": at}
    if event_type == "COUNT":
        fields |= {"counted_at": at, "variance": given}
    else:
        fields[_TOTALS[event_type]] = given
    if event_type == "SALE":
        fields["last_sold_at"] = at
    return zip(*fields.values(), strict=False)  # what all rows share goes on for ever


def below_zero(rows: Iterable[StockRow | None]) -> int:
    """How many of the rows show less than nothing."""
    return len([1 for row in rows if row is not None and row[0] < 0])
