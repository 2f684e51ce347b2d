from random import Random

from app.simulator.reference.bookings import Booking, decide
from app.simulator.stays import Stays

DAY = 86_400_000


def test_bookings_go_on_in_ways_the_rules_accept() -> None:
    stays = Stays(Random(1), "s1")
    bookings: dict[str, Booking] = {}
    statuses: list[str] = []
    ignored = 0
    for number in range(3_000):
        event, region = stays.next_booking(f"e{number}", 20_000 * DAY + number)
        after = decide(bookings.get(event["bookingId"]), {**event, "region": region})
        ignored += isinstance(after, str)
        if isinstance(after, Booking):
            bookings[event["bookingId"]] = after
            statuses.append(after.status)
    assert set(statuses) == {"PENDING", "CONFIRMED", "CANCELLED"}
    assert ignored < 0.05 * len(statuses), "only an amendment that changes nothing"


def test_a_payment_is_completed_before_it_is_refunded() -> None:
    stays = Stays(Random(1), "s1")
    seen: dict[str, list[str]] = {}
    for number in range(3_000):
        stays.next_booking(f"e{number}", 20_000 * DAY)
        if stays.payments_due:
            event = stays.next_payment(f"p{number}", 20_000 * DAY)
            seen.setdefault(event["paymentId"], []).append(event["status"])
    ways = {tuple(statuses) for statuses in seen.values()}
    assert ("AUTHORIZED", "COMPLETED", "REFUNDED") in ways
    assert ("AUTHORIZED", "FAILED", "COMPLETED") in ways
    assert all("COMPLETED" in way for way in ways if "REFUNDED" in way)
