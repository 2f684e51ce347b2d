import pytest

from app.simulator.reference.stock import Stock


def event(event_type: str, quantity: int, at: int) -> dict[str, object]:
    return {"eventType": event_type, "quantity": quantity, "occurredAt": at}


@pytest.mark.parametrize(
    ("event_type", "quantity", "on_hand", "total"),
    [
        ("SALE", 3, -3, "sold"),
        ("TRANSFER_OUT", 3, -3, "transferred_out"),
        ("RETURN", 3, 3, "returned"),
        ("RECEIPT", 3, 3, "received"),
        ("TRANSFER_IN", 3, 3, "transferred_in"),
        ("ADJUSTMENT", -3, -3, "adjusted"),
    ],
)
def test_movements(event_type: str, quantity: int, on_hand: int, total: str) -> None:
    row = Stock()
    assert row.apply(event(event_type, quantity, 7)) is None
    expected = Stock(on_hand=on_hand, last_event_at=7, last_sold_at=7 if event_type == "SALE" else None)
    setattr(expected, total, quantity)
    assert row == expected


def test_a_movement_up_to_the_count_is_late_but_counts_in_the_totals() -> None:
    row = Stock()
    row.apply(event("COUNT", 10, 5))
    row.apply(event("SALE", 2, 5))
    row.apply(event("SALE", 1, 6))
    assert row == Stock(10 - 1, 5, 10, False, 6, 6, sold=3, late_movements=1)


def test_a_count_sets_the_row_unless_it_is_older_than_the_last() -> None:
    row = Stock()
    row.apply(event("RECEIPT", 4, 9))
    assert row.apply(event("COUNT", 10, 8)) is None
    assert (row.on_hand, row.variance, row.recount, row.last_event_at) == (10, 6, True, 9)
    assert row.apply(event("COUNT", 1, 7)) == "stale-count"
    assert row.apply(event("COUNT", 7, 8)) is None
    assert row.apply(event("COUNT", 8, 9)) is None
    assert (row.on_hand, row.variance, row.recount) == (8, 1, False)


def test_the_last_times_never_go_back() -> None:
    row = Stock()
    row.apply(event("SALE", 1, 9))
    row.apply(event("SALE", 1, 3))
    assert (row.last_event_at, row.last_sold_at) == (9, 9)
