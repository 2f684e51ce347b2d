from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.bookings import Booking, Move, decide, moves, transition
from app.domain.ignored import Ignored
from schemas.bookings import BookingEvent

EVENT = BookingEvent("e1", "b", "c", "h", 10, 12, 99.5, "THB", "CONFIRMED", None, "SUITE", 2, 1_000, "eu")
BOOKING = Booking("c", "h", "SUITE", 2, 10, 12, "CONFIRMED", 99.5, "THB", "eu", 1_000)


@pytest.mark.parametrize("status", ["PENDING", "CONFIRMED", "CANCELLED"])
def test_a_booking_may_begin_with_any_status(status: str) -> None:
    assert decide(None, EVENT._replace(status=status)) == BOOKING._replace(status=status)


@pytest.mark.parametrize(
    ("before", "status", "outcome"),
    [
        ("PENDING", "PENDING", Ignored.LATE_STATE),
        ("PENDING", "CONFIRMED", "confirmed"),
        ("PENDING", "CANCELLED", "cancelled"),
        ("CONFIRMED", "PENDING", Ignored.LATE_STATE),
        ("CONFIRMED", "CONFIRMED", Ignored.NOT_AN_AMENDMENT),
        ("CONFIRMED", "CANCELLED", "cancelled"),
        ("CANCELLED", "PENDING", Ignored.FINAL_STATE),
        ("CANCELLED", "CONFIRMED", Ignored.FINAL_STATE),
        ("CANCELLED", "CANCELLED", Ignored.FINAL_STATE),
    ],
)
def test_transitions(before: str, status: str, outcome: Ignored | str) -> None:
    booking = BOOKING._replace(status=before)
    after = decide(booking, EVENT._replace(status=status))
    assert (after if isinstance(after, Ignored) else transition(booking, after)) == outcome


@pytest.mark.parametrize(
    "change", [{"hotel_id": "h2"}, {"room_type": "TWIN"}, {"rooms": 1}, {"check_in": 9}, {"check_out": 13}]
)
def test_a_confirmed_booking_is_amended_where_the_stay_differs(change: dict[str, str | int]) -> None:
    event = EVENT._replace(**change)
    after = decide(BOOKING, event)
    assert after == BOOKING._replace(**change)
    assert isinstance(after, Booking)
    assert transition(BOOKING, after) == "amended"
    old, new = moves(BOOKING, after)
    assert old == Move("h", "SUITE", 10, 12, -2)
    assert new == Move(after.hotel_id, after.room_type, after.check_in, after.check_out, after.rooms)


def test_an_amendment_needs_an_event_id() -> None:
    assert decide(BOOKING, EVENT._replace(check_out=13, event_id="")) is Ignored.NOT_AN_AMENDMENT


def test_another_amount_alone_is_no_amendment() -> None:
    assert decide(BOOKING, EVENT._replace(total_amount=1.0)) is Ignored.NOT_AN_AMENDMENT


def test_an_event_without_room_type_and_rooms_keeps_those_of_the_booking() -> None:
    older = EVENT._replace(room_type=None, rooms=None, event_id="")
    pending = BOOKING._replace(status="PENDING")
    assert decide(pending, older) == BOOKING
    assert decide(BOOKING, older._replace(event_id="e2")) is Ignored.NOT_AN_AMENDMENT
    assert decide(BOOKING, older._replace(event_id="e2", check_in=9)) == BOOKING._replace(check_in=9)
    assert decide(BOOKING, older._replace(status="CANCELLED")) == BOOKING._replace(status="CANCELLED")


def test_a_first_event_without_room_type_and_rooms_is_one_standard_room() -> None:
    first = decide(None, EVENT._replace(room_type=None, rooms=None))
    assert first == BOOKING._replace(room_type="STANDARD", rooms=1)


def test_the_row_is_the_last_accepted_event() -> None:
    event = BookingEvent("e", "b", "c2", "h2", 20, 21, 5.0, "USD", "CONFIRMED", "x", "TWIN", 3, 7, "us")
    assert decide(BOOKING._replace(status="PENDING"), event) == Booking(
        "c2", "h2", "TWIN", 3, 20, 21, "CONFIRMED", 5.0, "USD", "us", 7
    )


def test_moves_take_and_release() -> None:
    cancelled = BOOKING._replace(status="CANCELLED")
    pending = BOOKING._replace(status="PENDING")
    taken = Move("h", "SUITE", 10, 12, 2)
    assert moves(None, BOOKING) == (taken,)
    assert moves(None, pending) == (taken,)
    assert moves(None, cancelled) == ()
    assert moves(pending, BOOKING) == ()
    assert moves(BOOKING, cancelled) == (taken._replace(rooms=-2),)
    assert moves(pending, BOOKING._replace(check_in=11)) == (taken._replace(rooms=-2), taken._replace(first_night=11))
    elsewhere = cancelled._replace(check_in=50, check_out=60)
    assert moves(BOOKING, elsewhere) == (taken._replace(rooms=-2),)


EVENTS = st.builds(
    EVENT._replace,
    event_id=st.sampled_from(["", "e"]),
    hotel_id=st.sampled_from("hk"),
    check_in=st.integers(10, 12),
    check_out=st.integers(13, 15),
    status=st.sampled_from(["PENDING", "CONFIRMED", "CANCELLED"]),
    occurred_at=st.integers(0, 9),
).flatmap(
    lambda event: st.sampled_from(
        [event, event._replace(room_type="TWIN", rooms=1), event._replace(room_type=None, rooms=None)]
    )
)


@given(st.lists(EVENTS, max_size=12))
def test_moves_add_up_to_what_the_booking_holds(events: list[BookingEvent]) -> None:
    booking: Booking | None = None
    held: Counter[tuple[str, str, int]] = Counter()
    for event in events:
        after = decide(booking, event)
        if isinstance(after, Ignored):
            continue
        for move in moves(booking, after):
            for night in range(move.first_night, move.last_night):
                held[move.hotel_id, move.room_type, night] += move.rooms
        booking = after
    expected = {}
    if booking is not None and booking.status != "CANCELLED":
        nights = range(booking.check_in, booking.check_out)
        expected = {(booking.hotel_id, booking.room_type, night): booking.rooms for night in nights}
    assert {night: rooms for night, rooms in held.items() if rooms} == expected


@given(st.lists(EVENTS, min_size=1, max_size=12))
def test_sending_an_accepted_event_again_changes_nothing(events: list[BookingEvent]) -> None:
    booking: Booking | None = None
    for event in events:
        after = decide(booking, event)
        if isinstance(after, Booking):
            booking = after
            assert isinstance(decide(booking, event), Ignored)
