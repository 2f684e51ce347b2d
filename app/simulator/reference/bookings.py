"""Rule 4: one row for each booking of a partition, and the nights it holds."""

from dataclasses import dataclass
from typing import Any, NamedTuple

DAY = 86_400_000
HOLDING = ("PENDING", "CONFIRMED")


@dataclass(slots=True)
class Booking:
    """The last accepted event of a booking; check_in and check_out in days since 1970."""

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

    @property
    def held(self) -> "Held | None":
        """What this booking keeps from others; None where it holds nothing."""
        if self.status not in HOLDING:
            return None
        return Held(self.hotel_id, self.room_type, self.check_in, self.check_out, self.rooms)


class Held(NamedTuple):
    """`rooms` rooms of a hotel for each night in [first, end), days since 1970."""

    hotel_id: str
    room_type: str
    first: int
    end: int
    rooms: int


def moves(before: Booking | None, after: Booking) -> list[Held]:
    """What is given back, with negative rooms, then what is taken; nothing where the same stays held."""
    released, taken = None if before is None else before.held, after.held
    if released == taken:
        return []
    back = [] if released is None else [released._replace(rooms=-released.rooms)]
    return back if taken is None else [*back, taken]


def decide(before: Booking | None, event: dict[str, Any]) -> Booking | str:
    """The booking after `event`, or the reason why it is ignored."""
    after = _taken_over(before, event)
    if before is None:
        return after
    if before.status == "CANCELLED":
        return "final-state"
    if after.status == "CANCELLED" or (before.status == "PENDING" and after.status == "CONFIRMED"):
        return after
    if before.status == "CONFIRMED" and after.status == "CONFIRMED":
        return after if event["eventId"] and _stay(after) != _stay(before) else "not-an-amendment"
    return "late-state"


def _stay(booking: Booking) -> tuple[object, ...]:
    return booking.check_in, booking.check_out, booking.room_type, booking.rooms, booking.hotel_id


def _taken_over(before: Booking | None, event: dict[str, Any]) -> Booking:
    room_type, rooms = event["roomType"], event["rooms"]
    if rooms is None:
        room_type, rooms = ("STANDARD", 1) if before is None else (before.room_type, before.rooms)
    return Booking(
        customer_id=event["customerId"],
        hotel_id=event["hotelId"],
        room_type=room_type,
        rooms=rooms,
        check_in=event["checkIn"] // DAY,
        check_out=event["checkOut"] // DAY,
        status=event["status"],
        total_amount=event["totalAmount"],
        currency=event["currency"],
        region=event["region"],
        updated_at=event["occurredAt"],
    )
