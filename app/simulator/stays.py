"""Bookings from request to stay or cancellation, and the payments that go with them."""

from collections import deque
from random import Random

from app.simulator.encoding import Event
from app.simulator.hotels import BOOKABLE_DAYS, DAY, HOTELS, ROOM_TYPES, hotel_name

CUSTOMERS = 3_000
REGIONS = {"EU": "EUR", "UK": "GBP", "NA": "USD", "APAC": "THB", "LATAM": "BRL"}
METHODS = ("CARD", "CARD", "CARD", "WALLET", "TRANSFER")
MOST_OPEN = 2_000  # bookings that may still change; older ones are left as they are
LONGEST_QUEUE = 1_000


class Stays:
    """All bookings and payments of a scenario; every event is drawn from `rng`, ids start with `name`."""

    def __init__(self, rng: Random, name: str) -> None:
        self._rng = rng
        self._name = name
        self._count = 0
        self._open: list[tuple[Event, str]] = []
        self._payments: deque[Event] = deque()
        self._paid: dict[str, Event] = {}

    @property
    def payments_due(self) -> bool:
        """Whether a payment event waits to be sent."""
        return bool(self._payments)

    def next_booking(self, event_id: str, at: int) -> tuple[Event, str]:
        """The next booking event and its customer's region, at epoch milliseconds `at`."""
        if len(self._open) < 10 or self._rng.random() < 0.45:
            event, region = self._new(at)
        else:
            place = self._rng.randrange(len(self._open))
            before, region = self._open[place]
            event = self._follow_up(before)
            self._open[place] = self._open[-1]
            self._open.pop()
        event = {**event, "eventId": event_id, "occurredAt": at}
        if event["status"] == "CANCELLED":
            self._refund(event["bookingId"])
        elif len(self._open) < MOST_OPEN:
            self._open.append((event, region))
        return event, region

    def next_payment(self, event_id: str, at: int) -> Event:
        """The payment event that waits longest; only where payments_due."""
        return {**self._payments.popleft(), "eventId": event_id, "occurredAt": at}

    def _new(self, at: int) -> tuple[Event, str]:
        self._count += 1
        customer = self._rng.randrange(CUSTOMERS)
        region = list(REGIONS)[customer % len(REGIONS)]
        first = at // DAY + int(BOOKABLE_DAYS * self._rng.random() ** 2)
        nights, rooms = 1 + int(9 * self._rng.random() ** 2), self._rng.choice((1, 1, 1, 1, 2, 3))
        event = {
            "bookingId": f"{self._name}-b{self._count}",
            "customerId": f"customer-{customer:05}",
            "hotelId": hotel_name(self._rng.randrange(HOTELS)),
            "checkIn": first * DAY + 14 * 3_600_000,
            "checkOut": (first + nights) * DAY + 10 * 3_600_000,
            "totalAmount": round(nights * rooms * self._rng.uniform(40, 260), 2),
            "currency": REGIONS[region],
            "status": self._rng.choice(("PENDING", "CONFIRMED")),
            "roomType": self._rng.choice(ROOM_TYPES),
            "rooms": rooms,
        }
        self._pay(event)
        return event, region

    def _follow_up(self, before: Event) -> Event:
        if before["status"] == "PENDING":
            return {**before, "status": self._rng.choices(("CONFIRMED", "CANCELLED"), (85, 15))[0]}
        if self._rng.random() < 0.5:
            return {**before, "status": "CANCELLED"}
        change = self._rng.randrange(3)
        if change == 0:
            return {**before, "checkOut": before["checkOut"] + DAY}
        if change == 1:
            return {**before, "roomType": self._rng.choice(ROOM_TYPES)}
        return {**before, "rooms": min(before["rooms"] + 1, 5)}

    def _pay(self, booking: Event) -> None:
        if len(self._payments) > LONGEST_QUEUE:
            return
        payment = {
            "paymentId": f"{self._name}-p{self._count}",
            "bookingId": booking["bookingId"],
            "amountMinor": round(booking["totalAmount"] * 100),
            "currency": booking["currency"],
            "method": self._rng.choice(METHODS),
        }
        fails = self._rng.random() < 0.08
        statuses = ["AUTHORIZED", "FAILED"] if fails else ["AUTHORIZED", "COMPLETED"]
        if fails and self._rng.random() < 0.5:
            statuses.append("COMPLETED")
        self._payments.extend({**payment, "status": status} for status in statuses)
        if statuses[-1] == "COMPLETED":
            self._paid[booking["bookingId"]] = payment
            if len(self._paid) > 2 * MOST_OPEN:
                del self._paid[next(iter(self._paid))]

    def _refund(self, booking_id: str) -> None:
        payment = self._paid.pop(booking_id, None)
        if payment is not None:
            self._payments.append({**payment, "status": "REFUNDED"})
