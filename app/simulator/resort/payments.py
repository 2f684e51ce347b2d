"""Payment events of a stay: prepaid ones are paid when booked, the others on arrival; some cards fail first."""

from collections.abc import Iterator

from app.simulator.encoding import PAYMENTS, Event
from app.simulator.resort.bookings import CHECK_IN, booked_at, booking_id, cancelled_at
from app.simulator.resort.happening import DAY, HOUR, MINUTE, Happening
from app.simulator.resort.rows import Stay

METHODS = ("CARD", "CARD", "CARD", "TRANSFER", "WALLET")
FAILS_EVERY = 40


def payment_events(stay: Stay) -> Iterator[Happening]:
    """All payment events of the stay, by time."""
    prepaid = stay.deposit != "No Deposit"
    steps = [(booked_at(stay) + MINUTE, "AUTHORIZED")]
    paid_at = booked_at(stay) + 30 * MINUTE if prepaid else max(stay.arrival * DAY + CHECK_IN, booked_at(stay) + HOUR)
    if prepaid or not stay.cancelled:
        if stay.number % FAILS_EVERY == 0:
            steps.append((paid_at - 5 * MINUTE, "FAILED"))
        steps.append((paid_at, "COMPLETED"))
    if prepaid and stay.cancelled:
        steps.append((cancelled_at(stay) + HOUR, "REFUNDED"))
    for count, (at, status) in enumerate(steps):
        event: Event = {
            "eventId": f"resort-{stay.number:05}-p{count}",
            "paymentId": f"resort-pay-{stay.number:05}",
            "bookingId": booking_id(stay),
            "amountMinor": round(stay.amount * 100),
            "currency": "EUR",
            "method": METHODS[stay.number % len(METHODS)],
            "status": status,
            "occurredAt": at,
        }
        yield Happening(at, PAYMENTS, event, stay.number)
