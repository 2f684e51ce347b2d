import pytest

from app.simulator.reference.bookings import DAY, Booking, Held, decide, moves

EVENT = {
    "bookingId": "B1",
    "customerId": "C1",
    "hotelId": "H1",
    "checkIn": 10 * DAY + 5,
    "checkOut": 12 * DAY,
    "totalAmount": 1.0,
    "currency": "EUR",
    "status": "CONFIRMED",
    "eventId": "e",
    "roomType": "SUITE",
    "rooms": 2,
    "occurredAt": 7,
    "region": "EU",
}


def after(before: Booking | None, **changed: object) -> Booking:
    decided = decide(before, {**EVENT, **changed})
    assert isinstance(decided, Booking)
    return decided


@pytest.mark.parametrize("status", ["PENDING", "CONFIRMED", "CANCELLED"])
def test_a_booking_starts_with_any_status(status: str) -> None:
    assert after(None, status=status).status == status


@pytest.mark.parametrize(
    ("before", "status", "expected"),
    [
        ("PENDING", "PENDING", "late-state"),
        ("CONFIRMED", "PENDING", "late-state"),
        ("CONFIRMED", "CONFIRMED", "not-an-amendment"),
        ("CANCELLED", "PENDING", "final-state"),
        ("CANCELLED", "CONFIRMED", "final-state"),
        ("CANCELLED", "CANCELLED", "final-state"),
    ],
)
def test_what_is_ignored(before: str, status: str, expected: str) -> None:
    assert decide(after(None, status=before), {**EVENT, "status": status}) == expected


@pytest.mark.parametrize(
    ("before", "status"), [("PENDING", "CONFIRMED"), ("PENDING", "CANCELLED"), ("CONFIRMED", "CANCELLED")]
)
def test_what_follows(before: str, status: str) -> None:
    assert after(after(None, status=before), status=status, occurredAt=1).updated_at == 1


@pytest.mark.parametrize(
    "changed", [{"checkIn": 9 * DAY}, {"checkOut": 13 * DAY}, {"roomType": "X"}, {"rooms": 1}, {"hotelId": "H2"}]
)
def test_amendments(changed: dict[str, object]) -> None:
    first = after(None)
    assert after(first, **changed) != first
    assert decide(first, {**EVENT, **changed, "eventId": ""}) == "not-an-amendment"


@pytest.mark.parametrize("changed", [{"checkIn": 10 * DAY}, {"totalAmount": 9.0}, {"roomType": None, "rooms": None}])
def test_other_changes_are_no_amendment(changed: dict[str, object]) -> None:
    assert decide(after(None), {**EVENT, **changed}) == "not-an-amendment"


def test_rooms_left_out_are_kept_or_one_standard_room() -> None:
    first = after(None, roomType=None, rooms=None)
    assert (first.room_type, first.rooms) == ("STANDARD", 1)
    kept = after(after(None), roomType=None, rooms=None, checkOut=13 * DAY)
    assert (kept.room_type, kept.rooms) == ("SUITE", 2)


def test_what_is_held_moves_only_where_it_changes() -> None:
    first = after(None)
    held = Held("H1", "SUITE", 10, 12, 2)
    assert first.held == held
    cancelled = after(first, status="CANCELLED")
    assert cancelled.held is None
    assert moves(None, first) == [held]
    assert moves(first, cancelled) == [held._replace(rooms=-2)]
    assert moves(None, cancelled) == []
    assert moves(after(None, status="PENDING"), first) == []
    assert moves(first, after(first, rooms=1)) == [held._replace(rooms=-2), held._replace(rooms=1)]
