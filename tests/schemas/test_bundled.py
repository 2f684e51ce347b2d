import json

import pytest
from fastavro import parse_schema

from schemas.bundled import BUNDLED, schema_text

FIELDS = {
    1: "bookingId customerId hotelId checkIn checkOut totalAmount currency status metadata",
    2: "bookingId customerId hotelId checkIn checkOut totalAmount currency status metadata "
    "eventId roomType rooms occurredAt",
    3: "eventId locationType locationId itemId eventType quantity occurredAt stayFrom stayTo source metadata",
    4: "eventId paymentId bookingId amountMinor currency method status occurredAt metadata",
    5: "paymentId bookingId amountMinor currency method completedAt",
}


@pytest.mark.parametrize("schema_id", sorted(FIELDS))
def test_fields_stand_in_the_order_of_the_contract(schema_id: int) -> None:
    assert [field["name"] for field in BUNDLED[schema_id]["fields"]] == FIELDS[schema_id].split()
    parse_schema(BUNDLED[schema_id])


def test_only_five_schemas_are_bundled() -> None:
    assert sorted(BUNDLED) == sorted(FIELDS)


def test_v1_of_bookings_has_its_logical_types_on_the_fields() -> None:
    check_in = BUNDLED[1]["fields"][3]
    assert check_in == {"name": "checkIn", "type": "long", "logicalType": "timestamp-millis"}


def test_text_is_the_schema_as_json() -> None:
    assert json.loads(schema_text(3)) == BUNDLED[3]


def test_an_unknown_id_has_no_text() -> None:
    with pytest.raises(KeyError):
        schema_text(6)
