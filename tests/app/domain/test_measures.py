from decimal import Decimal

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from app.domain.bookings import Booking
from app.domain.exact import ZERO
from app.domain.measures import BOOKINGS, PAYMENTS, Entry, Sales, fold, fold_sales, of_booking, of_payment
from app.domain.payments import Payment
from app.domain.windows import NEVER, Pane, Panes, PaneSize
from app.simulator.reference import windows as reference
from schemas.inventory import InventoryEvent

BOOKING = Booking("C", "H", "STANDARD", 2, 100, 103, "CONFIRMED", 99.5, "EUR", "north", 5)
MINUTE, DAY = 60_000, 86_400_000


class Held(dict[tuple[int, int], Pane]):
    def load(self, size: PaneSize, start: int) -> Pane:
        return self.setdefault((size.span, start), Pane({}, {}))

    def entries(self) -> dict[tuple[int, int, str], list[int]]:
        return {(*at, key): measures for at, pane in self.items() for key, measures in pane.entries.items()}


def measured(entry: Entry, names: tuple[str, ...]) -> dict[str, object]:
    return {name: n for name, n in zip(names, entry.measures, strict=True) if n}


def test_nights_and_amount_count_with_the_entry_into_confirmed() -> None:
    entry = of_booking(None, BOOKING)
    assert (entry.key, entry.part, entry.at) == ("EURnorth", "EUR", 5)
    assert measured(entry, BOOKINGS) == {"confirmed": 1, "nights": 6, "amount": Decimal("99.5")}
    pending = BOOKING._replace(status="PENDING")
    assert measured(of_booking(None, pending), BOOKINGS) == {"pending": 1}
    assert measured(of_booking(pending, BOOKING), BOOKINGS) == {
        "confirmed": 1, "nights": 6, "amount": Decimal("99.5"),
    }  # fmt: skip


def test_an_amendment_and_a_cancellation_count_no_nights() -> None:
    assert measured(of_booking(BOOKING, BOOKING._replace(check_out=104)), BOOKINGS) == {"amended": 1}
    assert measured(of_booking(BOOKING, BOOKING._replace(status="CANCELLED")), BOOKINGS) == {"cancelled": 1}


def test_amounts_of_payments_count_where_money_moves() -> None:
    payment = Payment("B", "AUTHORIZED", 1 << 62, "EUR", "CARD", 9)
    assert measured(of_payment(payment), PAYMENTS) == {"authorized": 1}
    assert measured(of_payment(payment._replace(status="FAILED")), PAYMENTS) == {"failed": 1}
    completed = of_payment(payment._replace(status="COMPLETED"))
    assert measured(completed, PAYMENTS) == {"completed": 1, "completedMinor": 1 << 62}
    assert (completed.key, completed.part, completed.at) == ("EUR", "", 9)
    refunded = of_payment(payment._replace(status="REFUNDED"))
    assert measured(refunded, PAYMENTS) == {"refunded": 1, "refundedMinor": 1 << 62}


def test_sums_go_beyond_what_a_machine_counts() -> None:
    held = Held()
    paid = of_payment(Payment("B", "COMPLETED", 2**63 - 1, "EUR", "CARD", 9))
    fold(Panes(NEVER, held.load), [paid] * 4)
    assert held[MINUTE, 0].entries == {"EUR": [0, 4, 0, 0, Decimal(4 * (2**63 - 1)), ZERO]}
    assert held[MINUTE, 0].totals == {"": [0, 4, 0, 0, Decimal(4 * (2**63 - 1)), ZERO]}


KINDS = ("SALE", "RETURN", "RECEIPT", "ADJUSTMENT", "COUNT", "ALLOTMENT")
EVENTS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from("ab"), st.integers(0, 9), st.integers(0, 40 * DAY)), max_size=40
)


@given(EVENTS, st.booleans())
def test_sales_are_those_of_the_reference(drawn: list[tuple[str, str, int, int]], dense: bool) -> None:
    """Dense: all within three minutes, as traffic is."""
    held, model, newest, late = Held(), reference.Windows(), NEVER, 0
    for kind, store, quantity, time in drawn:
        at = time % (3 * MINUTE) if dense else time
        place = "HOTEL" if kind == "ALLOTMENT" else "STORE"
        event = InventoryEvent("e", place, store, "I", kind, quantity, at, 1, 2, None, None)
        panes = Panes(newest, held.load)
        fold_sales(panes, [event])
        newest, late = panes.newest, late + panes.late
        model.applied(0, at)
        if kind not in ("COUNT", "ALLOTMENT"):
            model.count(0, store, at=at, measures=reference.sale({"eventType": kind, "quantity": quantity}))
    assert (newest, late) == (model.newest.get(0, NEVER), model.late)
    minutes = {
        (MINUTE, place.start, store): [sums[name] for name in reference.NAMES["sales"]]
        for place, stores in model.panes.items()
        for store, sums in stores.items()
        if place.span == MINUTE
    }
    assert {at: sums for at, sums in held.entries().items() if at[0] == MINUTE} == minutes


@given(EVENTS)
def test_a_list_folds_as_its_events_do(drawn: list[tuple[str, str, int, int]]) -> None:
    events = [
        InventoryEvent("e", "STORE", store, "I", kind, n, at // 7 if n % 2 else at, None, None, None, None)
        for kind, store, n, at in drawn
        if kind != "ALLOTMENT"
    ]
    whole, single = Held(), Held()
    together, newest, late = Panes(NEVER, whole.load), NEVER, 0
    if events:
        fold_sales(together, events)
    for event in events:
        panes = Panes(newest, single.load)
        fold_sales(panes, [event])
        newest, late = panes.newest, late + panes.late
    assert (together.newest, together.late) == (newest, late)
    assert whole == single


def columns(events: list[InventoryEvent]) -> Sales:
    def numbers(*kinds: str) -> npt.NDArray[np.int64]:
        return np.array([event.quantity if event.event_type in kinds else 0 for event in events])

    moved = np.array([event.event_type != "COUNT" for event in events])
    times = np.array([event.occurred_at for event in events], np.int64)
    return Sales([event.location_id.encode() for event in events], numbers("SALE"), numbers("RETURN"), moved, times)


@given(EVENTS, st.sampled_from([1, 7, 900]))
def test_columns_fold_as_the_list_does(drawn: list[tuple[str, str, int, int]], apart: int) -> None:
    """Brought close together most of them fall into few minutes, and none is late."""
    events = [
        InventoryEvent("e", "STORE", store, "I", kind, n, at // apart, None, None, None, None)
        for kind, store, n, at in drawn
        if kind != "ALLOTMENT"
    ]
    listed, together = Held(), Held()
    one, other = Panes(NEVER, listed.load), Panes(NEVER, together.load)
    if events:
        fold_sales(one, events)
        fold_sales(other, columns(events))
    assert (one.newest, one.late) == (other.newest, other.late)
    assert listed == together


def test_columns_without_some() -> None:
    events = [InventoryEvent("e", "STORE", f"S{n}", "I", "SALE", n, n, None, None, None, None) for n in range(4)]
    left, expected = columns(events).without([0, 2]), columns([events[1], events[3]])
    assert (left.stores, len(left)) == (expected.stores, 2)
    assert left.sold.tolist() == left.times.tolist() == [1, 3]
