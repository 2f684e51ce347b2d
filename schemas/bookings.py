"""What happens to bookings: topic booking-events."""

from typing import NamedTuple


class BookingEvent(NamedTuple):
    """One event of a booking; check_in and check_out are UTC dates in epoch days, occurred_at is epoch ms.

    room_type and rooms are both None where the writer left both out. An occurred_at of 0 is already replaced by the
    record's timestamp. region is the rest of the record's key behind `customerId:`.
    """

    event_id: str
    booking_id: str
    customer_id: str
    hotel_id: str
    check_in: int
    check_out: int
    total_amount: float
    currency: str
    status: str
    metadata: str | None
    room_type: str | None
    rooms: int | None
    occurred_at: int
    region: str
