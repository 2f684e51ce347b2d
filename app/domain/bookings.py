"""One booking: which events move it on, and which rooms it then takes and releases."""

from typing import NamedTuple

from app.domain.ignored import Ignored
from schemas.bookings import BookingEvent

DEFAULT_ROOM_TYPE = "STANDARD"
DEFAULT_ROOMS = 1

_HOLDING = frozenset({"PENDING", "CONFIRMED"})


class Booking(NamedTuple):
    """The last accepted event of a booking; dates in epoch days, updated_at is its occurredAt in epoch ms."""

    customer_id: str
    hotel_id: str
    room_type: str
    rooms: int
    check_in: int
    check_out: int
    status: str
    total_amount: float
    currency: str
    region: str
    updated_at: int


class Move(NamedTuple):
    """`rooms` more taken (released where negative) for each night in [first_night, last_night), epoch days."""

    hotel_id: str
    room_type: str
    first_night: int
    last_night: int
    rooms: int


def decide(booking: Booking | None, event: BookingEvent) -> Booking | Ignored:
    """The booking after one of its events, or why the event changes nothing."""
    after = _follow(booking, event)
    if booking is None:
        return after
    if booking.status == "CANCELLED":
        return Ignored.FINAL_STATE
    if event.status == "PENDING":
        return Ignored.LATE_STATE
    if booking.status == event.status and not (event.event_id and _stay(booking) != _stay(after)):
        return Ignored.NOT_AN_AMENDMENT
    return after


def moves(before: Booking | None, after: Booking) -> tuple[Move, ...]:
    """What to change in the hotel's nights: releases first, then takings; nothing where the same rooms stay held."""
    released = _stay(before) if before is not None and before.status in _HOLDING else None
    taken = _stay(after) if after.status in _HOLDING else None
    if released == taken:
        return ()
    releases = () if released is None else (released._replace(rooms=-released.rooms),)
    takings = () if taken is None else (taken,)
    return releases + takings


def transition(before: Booking | None, after: Booking) -> str:
    """What an accepted event did: pending, confirmed, cancelled or amended."""
    if before is not None and before.status == after.status:
        return "amended"
    return after.status.lower()


def _stay(booking: Booking) -> Move:
    return Move(booking.hotel_id, booking.room_type, booking.check_in, booking.check_out, booking.rooms)


def _follow(booking: Booking | None, event: BookingEvent) -> Booking:
    if event.room_type is not None and event.rooms is not None:
        room_type, rooms = event.room_type, event.rooms
    elif booking is not None:
        room_type, rooms = booking.room_type, booking.rooms
    else:
        room_type, rooms = DEFAULT_ROOM_TYPE, DEFAULT_ROOMS
    return Booking(
        customer_id=event.customer_id,
        hotel_id=event.hotel_id,
        room_type=room_type,
        rooms=rooms,
        check_in=event.check_in,
        check_out=event.check_out,
        status=event.status,
        total_amount=event.total_amount,
        currency=event.currency,
        region=event.region,
        updated_at=event.occurred_at,
    )
