import json

import pytest

from app.simulator.encoding import BOOKINGS, INVENTORY, PAYMENTS, date_text, day_number, encode, key_of
from app.simulator.reference.poison import read_event
from tests.app.simulator.reference.log import ALLOTMENT, BOOKING, MOVEMENT, PAYMENT, allotment


@pytest.mark.parametrize("writer", [3, 0])
def test_a_hotel_event_says_the_same_in_avro_and_in_json(writer: int) -> None:
    event = read_event(allotment()._replace(value=encode(ALLOTMENT, writer)))
    assert (event["stayFrom"], event["stayTo"], event["quantity"]) == (
        day_number("2025-06-20"),
        day_number("2025-06-22"),
        5,
    )
    assert json.loads(encode(ALLOTMENT, 0)) == ALLOTMENT


def test_avro_starts_with_its_schema_id() -> None:
    assert encode(BOOKING, 1)[:5] == b"\0\0\0\0\1"
    assert encode(PAYMENT, 4)[:5] == b"\0\0\0\0\4"


def test_keys() -> None:
    assert key_of(BOOKINGS, BOOKING, "EU") == b"C1:EU"
    assert key_of(INVENTORY, MOVEMENT) == b"S1"
    assert key_of(PAYMENTS, PAYMENT) == b"P1"


def test_dates() -> None:
    assert date_text(day_number("2000-02-29")) == "2000-02-29"
    assert day_number("1970-01-02") == 1
