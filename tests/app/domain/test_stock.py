import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ignored import Ignored
from app.domain.stock import STORE_EVENTS, StockRow, below_zero, decide, first_rows

EVENT = st.tuples(st.sampled_from(sorted(STORE_EVENTS)), st.integers(0, 50), st.integers(0, 20))


def fold(events: list[tuple[str, int, int]]) -> StockRow | None:
    row = None
    for event in events:
        after = decide(row, *event)
        row = after if isinstance(after, StockRow) else row
    return row


@pytest.mark.parametrize(
    ("event_type", "on_hand", "total"),
    [
        ("SALE", -5, "sold"),
        ("TRANSFER_OUT", -5, "transferred_out"),
        ("RETURN", 5, "returned"),
        ("RECEIPT", 5, "received"),
        ("TRANSFER_IN", 5, "transferred_in"),
        ("ADJUSTMENT", 5, "adjusted"),
    ],
)
def test_a_movement_changes_on_hand_and_its_total(event_type: str, on_hand: int, total: str) -> None:
    sold_at = 100 if event_type == "SALE" else None
    expected = StockRow(on_hand=on_hand, last_event_at=100, last_sold_at=sold_at)._replace(**{total: 5})
    assert decide(None, event_type, 5, 100) == expected


def test_an_adjustment_adds_its_sign() -> None:
    assert decide(StockRow(on_hand=3), "ADJUSTMENT", -5, 1) == StockRow(on_hand=-2, adjusted=-5, last_event_at=1)


def test_a_count_sets_on_hand_and_says_what_was_off() -> None:
    row = decide(StockRow(on_hand=7, sold=2, last_event_at=50), "COUNT", 5, 60)
    assert row == StockRow(on_hand=5, sold=2, counted_at=60, variance=-2, recount=False, last_event_at=60)


def test_a_first_count_is_off_by_all_of_it() -> None:
    assert decide(None, "COUNT", 5, 60) == StockRow(on_hand=5, counted_at=60, variance=5, last_event_at=60)


def test_a_count_older_than_the_last_event_asks_for_a_recount_until_the_next() -> None:
    row = decide(StockRow(on_hand=7, last_event_at=100), "COUNT", 5, 60)
    assert isinstance(row, StockRow)
    assert (row.recount, row.last_event_at) == (True, 100)
    again = decide(row, "COUNT", 5, 100)
    assert isinstance(again, StockRow)
    assert (again.recount, again.counted_at, again.variance) == (False, 100, 0)


def test_a_count_older_than_the_last_count_is_ignored_and_one_of_the_same_time_is_not() -> None:
    row = StockRow(on_hand=7, counted_at=100, last_event_at=100)
    assert decide(row, "COUNT", 5, 99) is Ignored.STALE_COUNT
    assert decide(row, "COUNT", 5, 100) == row._replace(on_hand=5, variance=-2)


@pytest.mark.parametrize("occurred_at", [99, 100])
def test_a_movement_up_to_the_count_only_adds_to_the_totals(occurred_at: int) -> None:
    row = StockRow(on_hand=7, counted_at=100, last_event_at=100)
    after = decide(row, "SALE", 2, occurred_at)
    assert after == row._replace(sold=2, late_movements=1, last_sold_at=occurred_at)


def test_the_last_sale_is_the_highest_time_not_the_latest_record() -> None:
    row = decide(decide_row(StockRow(), "SALE", 100), "SALE", 1, 50)
    assert isinstance(row, StockRow)
    assert (row.last_sold_at, row.last_event_at) == (100, 100)


def decide_row(row: StockRow, event_type: str, occurred_at: int) -> StockRow:
    after = decide(row, event_type, 1, occurred_at)
    assert isinstance(after, StockRow)
    return after


def test_an_event_of_a_hotel_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="store"):
        decide(None, "ALLOTMENT", 1, 1)


@given(st.lists(EVENT, max_size=30))
def test_totals_add_every_movement(events: list[tuple[str, int, int]]) -> None:
    row = fold(events) or StockRow()
    totals = {
        "SALE": row.sold,
        "RETURN": row.returned,
        "RECEIPT": row.received,
        "TRANSFER_IN": row.transferred_in,
        "TRANSFER_OUT": row.transferred_out,
        "ADJUSTMENT": row.adjusted,
    }
    for event_type, total in totals.items():
        assert total == sum(quantity for kind, quantity, _ in events if kind == event_type)


@given(st.lists(EVENT, max_size=30))
def test_on_hand_is_the_last_count_and_what_came_after_it(events: list[tuple[str, int, int]]) -> None:
    on_hand, counted_at, late, newest = 0, -1, 0, None
    for kind, quantity, at in events:
        if kind == "COUNT":
            if at < counted_at:
                continue
            on_hand, counted_at = quantity, at
        elif at <= counted_at:
            late += 1
        else:
            on_hand += -quantity if kind in ("SALE", "TRANSFER_OUT") else quantity
        newest = at if newest is None else max(newest, at)
    row = fold(events) or StockRow()
    assert (row.on_hand, row.late_movements, row.last_event_at) == (on_hand, late, newest)
    assert row.counted_at == (None if counted_at < 0 else counted_at)


@given(st.sampled_from(sorted(STORE_EVENTS)), st.lists(st.tuples(st.integers(-9, 1 << 40), st.integers(0, 1 << 50))))
def test_first_rows_are_what_each_event_makes_of_no_row(event_type: str, drawn: list[tuple[int, int]]) -> None:
    quantities, times = (np.array([each[n] for each in drawn], np.int64) for n in (0, 1))
    made = [StockRow(*fields) for fields in first_rows(event_type, quantities, times)]
    expected = [decide(None, event_type, *each) for each in drawn]
    assert made == expected
    assert [list(map(type, row)) for row in made] == [list(map(type, row)) for row in expected]


def test_rows_below_zero_are_counted() -> None:
    assert below_zero([None, StockRow(on_hand=-1), StockRow(), StockRow(on_hand=1), StockRow(on_hand=-9)]) == 2
