"""Booking events of a stay: requested or confirmed, amended, and cancelled where the guest did not come."""

from collections.abc import Iterator

from app.simulator.encoding import BOOKINGS, Event
from app.simulator.resort.happening import DAY, HOUR, MINUTE, Happening
from app.simulator.resort.rows import Stay

CHECK_IN, CHECK_OUT = 15 * HOUR, 11 * HOUR
GROUP_DECIDES_DAYS = 2
MOST_AMENDMENTS = 3


def booked_at(stay: Stay) -> int:
    """When the booking was made: lead_days before arrival, at a time of day that follows from the row's number."""
    return (stay.arrival - stay.lead_days) * DAY + stay.number * 7_919 % 86_400 * 1_000


def cancelled_at(stay: Stay) -> int:
    """When it was cancelled; on the day of booking, after the booking."""
    evening = stay.ended * DAY + 20 * HOUR
    return max(evening, booked_at(stay) + HOUR) if stay.ended >= stay.arrival - stay.lead_days else evening


def confirmed_at(stay: Stay) -> int:
    """When it was confirmed: at once, unless it waited for a room or for its group."""
    days = stay.waiting_days or (GROUP_DECIDES_DAYS if stay.in_group and stay.lead_days > GROUP_DECIDES_DAYS else 0)
    return booked_at(stay) + days * DAY


def booking_events(stay: Stay) -> Iterator[Happening]:
    """All booking events of the stay, by time."""
    end = cancelled_at(stay) if stay.cancelled else stay.arrival * DAY + CHECK_IN
    confirmed = confirmed_at(stay)
    amendments = min(stay.changes, MOST_AMENDMENTS)
    count = 0
    if confirmed > booked_at(stay):
        yield _happening(stay, booked_at(stay), count, "PENDING", before=amendments)
        count += 1
    if confirmed < end or count == 0:
        pause = max((end - confirmed) // (amendments + 1), MINUTE)
        for change in range(amendments + 1):
            yield _happening(stay, confirmed + change * pause, count, "CONFIRMED", before=amendments - change)
            count += 1
    if stay.cancelled:
        yield _happening(stay, cancelled_at(stay), count, "CANCELLED", before=0)


def _happening(stay: Stay, at: int, count: int, status: str, *, before: int) -> Happening:
    first, end = _dates(stay, before)
    event: Event = {
        "eventId": f"resort-{stay.number:05}-{count}",
        "bookingId": booking_id(stay),
        "customerId": f"guest-{stay.number:05}",
        "hotelId": hotel_id(stay),
        "checkIn": first * DAY + CHECK_IN,
        "checkOut": end * DAY + CHECK_OUT,
        "totalAmount": stay.amount,
        "currency": "EUR",
        "status": status,
        "roomType": stay.room_type,
        "rooms": stay.rooms,
        "occurredAt": at,
    }
    return Happening(at, BOOKINGS, event, stay.number, stay.country)


def _dates(stay: Stay, before: int) -> tuple[int, int]:
    """First night and day of departure, `before` amendments before the stay as it is published."""
    first, end = stay.arrival, stay.arrival + stay.nights
    if stay.number % 3 == 0:
        return first - 7 * before, end - 7 * before
    if stay.number % 3 == 1 or stay.nights <= before:
        return first, end + before
    return first, end - before


def booking_id(stay: Stay) -> str:
    """The row's number as a booking id."""
    return f"resort-{stay.number:05}"


def hotel_id(stay: Stay) -> str:
    """The agent who sold the stay stands for a hotel."""
    return f"agent-{stay.agent}"
