import pytest

from app.simulator.reference.hotels import Night


def event(event_type: str, at: int, quantity: int = 0) -> dict[str, object]:
    return {"eventType": event_type, "quantity": quantity, "occurredAt": at}


@pytest.mark.parametrize(
    ("night", "available", "overbooked"),
    [
        (Night(), None, False),
        (Night(sold=3), None, False),
        (Night(capacity=2, sold=1), 1, False),
        (Night(capacity=2, sold=3), 0, True),
        (Night(capacity=2, closed=True), 0, False),
        (Night(sold=1, closed=True), 0, False),
    ],
)
def test_what_is_left(night: Night, available: int | None, overbooked: bool) -> None:
    assert (night.available, night.overbooked) == (available, overbooked)


def test_each_kind_is_ordered_by_itself_and_the_same_time_counts() -> None:
    night = Night()
    assert night.apply(event("STOP_SELL", 9))
    assert night.apply(event("ALLOTMENT", 5, 3))
    assert not night.apply(event("OPEN_SELL", 8))
    assert night.apply(event("OPEN_SELL", 9))
    assert not night.apply(event("ALLOTMENT", 4, 1))
    assert night.apply(event("ALLOTMENT", 5, 2))
    assert night == Night(2, 0, False, 5, 9)
