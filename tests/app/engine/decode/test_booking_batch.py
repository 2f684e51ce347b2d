from typing import Any

import pytest

from app.engine.decode.booking_batch import bookings_good, bookings_made
from tests.app.engine.decode.flat_batch import flat_batch
from tests.app.engine.decode.records import BOOKINGS, DAY_MS, EVENTS, NOW, Record, in_avro

GOOD: list[dict[str, Any]] = [
    {},
    {"eventId": "", "occurredAt": 0},
    {"checkOut": NOW + 365 * DAY_MS},
    {"checkIn": DAY_MS - 1, "checkOut": DAY_MS},
    {"totalAmount": 0.0, "rooms": 99},
]
BAD: list[dict[str, Any]] = [
    {"bookingId": ""},
    {"hotelId": ""},
    {"roomType": ""},
    {"eventId": "e" * 129},
    {"rooms": 0},
    {"rooms": 100},
    {"currency": "TH1"},
    {"totalAmount": float("nan")},
    {"totalAmount": float("inf")},
    {"totalAmount": -0.01},
    {"checkOut": NOW},
    {"checkOut": NOW + 366 * DAY_MS},
    {"checkIn": -1, "checkOut": 1},
    {"checkOut": 4_133_980_800_000, "checkIn": 4_133_980_800_000 - DAY_MS},
    {"occurredAt": NOW + 600_001},
]


@pytest.mark.parametrize(("cases", "good"), [(GOOD, True), (BAD, False)])
def test_rules_on_values(cases: list[dict[str, Any]], good: bool) -> None:
    batch, _, timestamps = flat_batch(BOOKINGS, [in_avro(BOOKINGS, **changes) for changes in cases])
    assert bookings_good(batch, timestamps).tolist() == [good] * len(cases)


def test_events_or_none_for_what_is_read_again() -> None:
    good = in_avro(BOOKINGS)
    keys = [b"c1:eu", b"c1", b"c2:eu", None, b"c1:\xff", b"c1:"]
    batch, keys_found, timestamps = flat_batch(BOOKINGS, [Record(key, good.value) for key in keys])
    event = EVENTS[BOOKINGS]
    made = bookings_made(batch, keys_found, timestamps)
    assert made == [event, None, None, None, None, event._replace(region="")]


def test_older_writers_leave_fields_out() -> None:
    batch, keys, timestamps = flat_batch(BOOKINGS, [in_avro(BOOKINGS, 1)] * 2)
    assert bookings_good(batch, timestamps).all()
    older = EVENTS[BOOKINGS]._replace(event_id="", room_type=None, rooms=None, occurred_at=NOW)
    assert bookings_made(batch, keys, timestamps) == [older, older]


def test_a_customer_that_is_not_utf8_is_read_again() -> None:
    value = in_avro(BOOKINGS).value or b""
    batch, keys, timestamps = flat_batch(BOOKINGS, [Record(b"c1:eu", value.replace(b"\4c1", b"\4\xff1"))])
    assert bookings_made(batch, keys, timestamps) == [None]
