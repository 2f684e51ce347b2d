from typing import Any

from app.simulator.resort.bookings import booking_events
from app.simulator.resort.happening import DAY
from tests.app.simulator.resort.stay import STAY


def told(**changed: Any) -> list[tuple[str, int, int, int]]:
    happenings = list(booking_events(STAY._replace(**changed)))
    assert [each.at for each in happenings] == sorted(each.at for each in happenings)
    assert all(each.key == b"guest-%05d:PRT" % each.number for each in happenings)
    assert all(each.event["occurredAt"] == each.at for each in happenings)
    assert len({each.event["eventId"] for each in happenings}) == len(happenings)
    return [
        (each.event["status"], each.at // DAY, each.event["checkIn"] // DAY, each.event["checkOut"] // DAY)
        for each in happenings
    ]


def test_a_stay_is_confirmed_when_it_is_booked() -> None:
    assert told() == [("CONFIRMED", 16_970, 17_000, 17_003)]


def test_one_that_waits_or_comes_in_a_group_is_pending_first() -> None:
    assert [each[:2] for each in told(waiting_days=5)] == [("PENDING", 16_970), ("CONFIRMED", 16_975)]
    assert [each[:2] for each in told(in_group=True)] == [("PENDING", 16_970), ("CONFIRMED", 16_972)]
    assert [each[:2] for each in told(in_group=True, lead_days=1)] == [("CONFIRMED", 16_999)]


def test_changes_end_in_the_dates_as_published() -> None:
    assert told(changes=2) == [
        ("CONFIRMED", 16_970, 17_000, 17_005),
        ("CONFIRMED", 16_980, 17_000, 17_004),
        ("CONFIRMED", 16_990, 17_000, 17_003),
    ]
    assert [each[2:] for each in told(changes=1, number=2)] == [(17_000, 17_002), (17_000, 17_003)]
    assert [each[2:] for each in told(changes=1, number=3)] == [(16_993, 16_996), (17_000, 17_003)]
    assert [each[2:] for each in told(changes=1, number=2, nights=1)] == [(17_000, 17_002), (17_000, 17_001)]
    assert len(told(changes=17)) == 4


def test_a_cancellation_comes_last_on_its_day() -> None:
    assert told(cancelled=True, ended=16_990)[-1] == ("CANCELLED", 16_990, 17_000, 17_003)
    assert [each[:2] for each in told(cancelled=True, ended=16_971, waiting_days=9)] == [
        ("PENDING", 16_970),
        ("CANCELLED", 16_971),
    ]
    same_day = told(cancelled=True, ended=16_970, number=10)
    assert [each[:2] for each in same_day] == [("CONFIRMED", 16_970), ("CANCELLED", 16_970)]
