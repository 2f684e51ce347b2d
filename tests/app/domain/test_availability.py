import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.availability import HOTEL_EVENTS, Night, available, decide, overbooked, overbooked_nights, reserve
from app.domain.ignored import Ignored
from schemas.inventory import InventoryEvent


def event(event_type: str, at: int, quantity: int = 0) -> InventoryEvent:
    return InventoryEvent("e", "HOTEL", "h", "STANDARD", event_type, quantity, at, 10, 12, None, None)


def test_an_allotment_is_absolute() -> None:
    night = decide(Night(capacity=3, sold=2, allotted_at=5), event("ALLOTMENT", 6, 10))
    assert night == Night(capacity=10, sold=2, allotted_at=6)


def test_stop_sell_closes_and_open_sell_opens() -> None:
    closed = decide(None, event("STOP_SELL", 5))
    assert closed == Night(closed=True, closed_at=5)
    assert isinstance(closed, Night)
    assert decide(closed, event("OPEN_SELL", 5)) == Night(closed=False, closed_at=5)


def test_older_updates_of_the_same_kind_are_ignored() -> None:
    night = Night(capacity=3, allotted_at=5, closed=True, closed_at=9)
    assert decide(night, event("ALLOTMENT", 4, 1)) is Ignored.STALE_ALLOTMENT
    assert decide(night, event("OPEN_SELL", 8)) is Ignored.STALE_ALLOTMENT
    assert decide(night, event("STOP_SELL", 8)) is Ignored.STALE_ALLOTMENT


def test_the_kinds_do_not_age_each_other() -> None:
    night = Night(capacity=3, allotted_at=5, closed=True, closed_at=9)
    assert decide(night, event("ALLOTMENT", 6, 1)) == night._replace(capacity=1, allotted_at=6)
    assert decide(Night(allotted_at=100), event("STOP_SELL", 1)) == Night(allotted_at=100, closed=True, closed_at=1)


def test_an_event_of_a_store_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="hotel"):
        decide(None, event("SALE", 1))


def test_reservations_add_up_without_any_allotment() -> None:
    assert reserve(reserve(None, 2), -1) == Night(sold=1)


@pytest.mark.parametrize(
    ("night", "rooms", "over"),
    [
        (Night(), None, False),
        (Night(sold=3), None, False),
        (Night(capacity=5, sold=3), 2, False),
        (Night(capacity=3, sold=3), 0, False),
        (Night(capacity=2, sold=3), 0, True),
        (Night(capacity=5, sold=3, closed=True), 0, False),
        (Night(closed=True), 0, False),
        (Night(capacity=0), 0, False),
    ],
)
def test_available_and_overbooked(night: Night, rooms: int | None, over: bool) -> None:
    assert (available(night), overbooked(night)) == (rooms, over)


@given(st.lists(st.tuples(st.sampled_from(sorted(HOTEL_EVENTS)), st.integers(0, 9), st.integers(0, 9)), max_size=20))
def test_the_newest_update_of_each_kind_wins_the_later_record_among_equals(events: list[tuple[str, int, int]]) -> None:
    night = Night()
    for event_type, at, quantity in events:
        after = decide(night, event(event_type, at, quantity))
        night = after if isinstance(after, Night) else night
    allotments = [(at, i, quantity) for i, (kind, at, quantity) in enumerate(events) if kind == "ALLOTMENT"]
    closures = [(at, i, kind) for i, (kind, at, _) in enumerate(events) if kind != "ALLOTMENT"]
    assert night.capacity == (max(allotments)[2] if allotments else None)
    assert night.closed == (max(closures)[2] == "STOP_SELL" if closures else False)


def test_overbooked_nights_are_counted() -> None:
    assert overbooked_nights([None, Night(sold=5), Night(capacity=2, sold=2), Night(capacity=2, sold=3)]) == 1
