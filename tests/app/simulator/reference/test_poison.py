from typing import Any

import pytest

from app.simulator.reference.poison import Poisoned, full_name, read_event
from app.simulator.reference.record import LogRecord
from app.simulator.reference.shapes import BY_ID
from tests.app.simulator.reference.log import (
    ALLOTMENT,
    BOOKING,
    DAY,
    MOVEMENT,
    NOW,
    PAYMENT,
    TODAY,
    allotment,
    avro,
    booking,
    movement,
    payment,
)


def reason(record: LogRecord) -> str:
    with pytest.raises(Poisoned) as poison:
        read_event(record)
    return poison.value.reason


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "not-avro-or-json"),
        (b"", "not-avro-or-json"),
        (b"\0\0\0\0", "not-avro-or-json"),
        (b" {}", "not-avro-or-json"),
        (b"[1]", "not-avro-or-json"),
        (b"\x01\0\0\0\x03abc", "not-avro-or-json"),
        (b"{}", "does-not-fit-schema"),
        (b"\0\0\0\0\x03", "does-not-fit-schema"),
        (b"\0\0\0\0\x06abc", "unknown-schema"),
        (b"\0\xff\xff\xff\xff", "unknown-schema"),
        (avro(4, PAYMENT), "does-not-fit-schema"),
    ],
)
def test_values_that_are_no_event(value: bytes | None, expected: str) -> None:
    assert reason(movement()._replace(value=value)) == expected
    assert reason(movement()._replace(value=value, key=None)) == expected


@pytest.mark.parametrize(
    "record",
    [
        movement()._replace(key=None),
        movement()._replace(key=b"\xff"),
        movement()._replace(key=b"S2"),
        payment()._replace(key=b"P1 "),
        booking()._replace(key=b"C1"),
        booking()._replace(key=b"C12:EU"),
        movement(quantity=-1)._replace(key=b"S2"),
    ],
)
def test_keys_that_do_not_fit(record: LogRecord) -> None:
    assert reason(record) == "key-mismatch"


LONG = "x" * 129
TOO_FAR = (47_847) * DAY


@pytest.mark.parametrize(
    "record",
    [
        *[booking(**{name: ""}) for name in ("bookingId", "customerId", "hotelId", "roomType")],
        *[booking(**{name: LONG}) for name in ("bookingId", "customerId", "hotelId", "roomType", "eventId")],
        *[movement(**{name: ""}) for name in ("eventId", "locationId", "itemId")],
        *[payment(**{name: ""}) for name in ("eventId", "paymentId", "bookingId")],
        booking(checkOut=BOOKING["checkIn"]),
        booking(checkOut=BOOKING["checkIn"] + DAY - 1),
        booking(checkOut=BOOKING["checkIn"] + 366 * DAY),
        booking(checkIn=-1),
        booking(checkIn=TOO_FAR - DAY, checkOut=TOO_FAR),
        booking(totalAmount=-0.01),
        booking(rooms=0),
        booking(rooms=100),
        booking(currency="EURO"),
        booking(currency="eur"),
        booking(currency="EUR\n"),
        booking(currency="ÉUR"),
        booking(occurredAt=-1),
        booking(occurredAt=NOW + 600_001),
        booking(occurredAt=0)._replace(timestamp=-1),
        payment(amountMinor=-1),
        movement(quantity=-1),
        movement(quantity=1_000_000_001),
        movement(eventType="ADJUSTMENT", quantity=-1_000_000_001),
        movement(eventType="ALLOTMENT"),
        allotment(eventType="COUNT"),
        allotment(stayFrom=None),
        allotment(stayTo=...),
        allotment(stayTo="2025-06-20"),
        allotment(stayTo="2027-06-22"),
        allotment(stayFrom="1969-12-31", stayTo="1970-01-02"),
        allotment(stayFrom="2100-12-31", stayTo="2101-01-02"),
    ],
)
def test_values_out_of_range(record: LogRecord) -> None:
    assert reason(record) == "invalid-value"


@pytest.mark.parametrize("amount", [float("nan"), float("inf")])
def test_amounts_that_are_no_number(amount: float) -> None:
    value = avro(2, {**BOOKING, "totalAmount": amount})
    assert reason(booking()._replace(value=value)) == "invalid-value"


@pytest.mark.parametrize(
    "record",
    [
        booking(checkIn=0, checkOut=365 * DAY),
        booking(checkIn=TOO_FAR - 2 * DAY, checkOut=TOO_FAR - 1),
        booking(eventId="", rooms=99, totalAmount=0),
        booking(bookingId="\U0001f600" * 128, occurredAt=NOW + 600_000),
        movement(eventType="ADJUSTMENT", quantity=-1_000_000_000),
        movement(quantity=0, stayFrom="1066-10-14"),
        allotment(stayFrom="2099-01-01", stayTo="2101-01-01"),
        payment(occurredAt=0, amountMinor=2**63 - 1),
    ],
)
def test_values_just_in_range(record: LogRecord) -> None:
    assert read_event(record)["eventId"] in ("e1", "")


def both(**changed: Any) -> tuple[object, object]:
    event = read_event(booking(**changed))
    return event["roomType"], event["rooms"]


def test_a_room_is_kept_open_only_where_both_fields_are_left_out() -> None:
    assert both() == (None, None)
    assert both(rooms=2) == ("STANDARD", 2)
    assert both(roomType="SUITE") == ("SUITE", 1)
    first_version = read_event(booking()._replace(value=avro(1, BOOKING)))
    assert (first_version["roomType"], first_version["rooms"], first_version["occurredAt"]) == (None, None, NOW)
    second_version = read_event(booking()._replace(value=avro(2, BOOKING)))
    assert (second_version["roomType"], second_version["rooms"]) == ("STANDARD", 1)


def test_the_region_is_what_follows_the_customer() -> None:
    assert read_event(booking()._replace(key=b"C1:a:b"))["region"] == "a:b"
    assert read_event(booking()._replace(key=b"C1:"))["region"] == ""
    assert read_event(booking(customerId="C:1")._replace(key=b"C:1:EU"))["region"] == "EU"


def test_avro_dates_are_days() -> None:
    value = avro(3, {**ALLOTMENT, "stayFrom": TODAY, "stayTo": TODAY + 1})
    assert read_event(allotment()._replace(value=value))["stayFrom"] == TODAY


def test_a_later_writer_s_schema_of_the_same_record_is_resolved() -> None:
    third = {**BY_ID[3], "name": "InventoryEvent", "namespace": "com.cpaxtra.events"}
    record = movement()._replace(value=avro(3, MOVEMENT).replace(b"\0\0\0\x03", b"\0\0\0\x09", 1))
    assert read_event(record, {9: third})["quantity"] == 1
    assert full_name(third) == full_name(BY_ID[3])
    assert full_name("string") == ""
