"""Rule 7: the first reason that counts, or the event's fields."""

import math
import re
from collections.abc import Mapping
from typing import Any

from app.simulator.reference.avro import DoesNotFit, decode_record, resolve_record
from app.simulator.reference.record import LogRecord
from app.simulator.reference.shapes import BY_ID, HOTEL_TYPES, READER_ID, Shape
from app.simulator.reference.strict_json import NotJson, parse, read_record

DAY = 86_400_000
YEAR_2101 = 47_847  # days from 1970-01-01 to 2101-01-01
LONGEST_ID = 128
CLOCK_AHEAD = 10 * 60 * 1_000
MOST_UNITS = 1_000_000_000
LONGEST_BOOKING = 365
LONGEST_HOTEL_RANGE = 731
KEY_FIELD = {"inventory-events": "locationId", "payment-events": "paymentId"}
ALWAYS_FILLED = ("bookingId", "customerId", "hotelId", "locationId", "itemId", "paymentId", "roomType")


class Poisoned(Exception):
    """A record that goes to the dead letter topic at once."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_event(record: LogRecord, schemas: Mapping[int, Shape] = BY_ID) -> dict[str, Any]:
    """The event's fields by the contract's names, rooms and roomType None where both were left out; else Poisoned.

    occurredAt 0 of a booking is the record's timestamp already; `region` is added to bookings."""
    event = _read_value(record, schemas)
    if record.topic == "booking-events" and event["occurredAt"] == 0:
        event["occurredAt"] = record.timestamp
    key = _key_text(record)
    if not _key_fits(record.topic, key, event):
        raise Poisoned("key-mismatch")
    if not (_ids_are_valid(record.topic, event) and _values_are_valid(record, event)):
        raise Poisoned("invalid-value")
    if record.topic == "booking-events":
        event["region"] = key[len(event["customerId"]) + 1 :]
    return event


def _read_value(record: LogRecord, schemas: Mapping[int, Shape]) -> dict[str, Any]:
    value = record.value
    reader = BY_ID[READER_ID[record.topic]]
    if value and value[:1] == b"{":
        return _read_json(value, reader)
    if not value or value[0] != 0 or len(value) < 5:
        raise Poisoned("not-avro-or-json")
    writer = schemas.get(int.from_bytes(value[1:5], "big"))
    if writer is None:
        raise Poisoned("unknown-schema")
    try:
        if full_name(writer) != full_name(reader):
            raise DoesNotFit
        written = decode_record(value[5:], writer)
        event = resolve_record(written, reader)
    except DoesNotFit:
        raise Poisoned("does-not-fit-schema") from None
    return _without_defaulted_room(event, set(written))


def _read_json(value: bytes, reader: Shape) -> dict[str, Any]:
    try:
        parsed = parse(value)
        return _without_defaulted_room(read_record(parsed, reader), set(parsed))
    except NotJson:
        raise Poisoned("not-avro-or-json") from None
    except DoesNotFit:
        raise Poisoned("does-not-fit-schema") from None


def _without_defaulted_room(event: dict[str, Any], given: set[str]) -> dict[str, Any]:
    if "rooms" in event and not given & {"rooms", "roomType"}:
        event["rooms"] = event["roomType"] = None
    return event


def full_name(shape: Shape) -> str:
    """A record's name with its namespace; empty for anything but a record."""
    if not isinstance(shape, dict) or shape.get("type") != "record":
        return ""
    if "." in shape["name"] or not shape.get("namespace"):
        return str(shape["name"])
    return f"{shape['namespace']}.{shape['name']}"


def _key_text(record: LogRecord) -> str:
    try:
        return (record.key if record.key is not None else b"\xff").decode("utf-8")
    except UnicodeDecodeError:
        raise Poisoned("key-mismatch") from None


def _key_fits(topic: str, key: str, event: dict[str, Any]) -> bool:
    if topic == "booking-events":
        return key.startswith(event["customerId"] + ":")
    return bool(key == event[KEY_FIELD[topic]])


def _ids_are_valid(topic: str, event: dict[str, Any]) -> bool:
    shortest = 0 if topic == "booking-events" else 1
    ids = [event[name] for name in ALWAYS_FILLED if event.get(name) is not None]
    return all(1 <= len(each) <= LONGEST_ID for each in ids) and shortest <= len(event["eventId"]) <= LONGEST_ID


def _values_are_valid(record: LogRecord, event: dict[str, Any]) -> bool:
    if not _is_in_range(event["occurredAt"]) or event["occurredAt"] > record.timestamp + CLOCK_AHEAD:
        return False
    if "currency" in event and not re.fullmatch("[A-Z]{3}", event["currency"]):
        return False
    if record.topic == "booking-events":
        return _booking_is_valid(event)
    if record.topic == "payment-events":
        return bool(event["amountMinor"] >= 0)
    return _inventory_is_valid(event)


def _is_in_range(timestamp: int) -> bool:
    return 0 <= timestamp < YEAR_2101 * DAY


def _booking_is_valid(event: dict[str, Any]) -> bool:
    nights = event["checkOut"] // DAY - event["checkIn"] // DAY
    return (
        1 <= nights <= LONGEST_BOOKING
        and _is_in_range(event["checkIn"])
        and _is_in_range(event["checkOut"])
        and math.isfinite(event["totalAmount"])
        and event["totalAmount"] >= 0
        and (event["rooms"] is None or 1 <= event["rooms"] <= 99)
    )


def _inventory_is_valid(event: dict[str, Any]) -> bool:
    of_hotel = event["eventType"] in HOTEL_TYPES
    if of_hotel != (event["locationType"] == "HOTEL"):
        return False
    if abs(event["quantity"]) > MOST_UNITS or (event["quantity"] < 0 and event["eventType"] != "ADJUSTMENT"):
        return False
    return not of_hotel or _stay_is_valid(event["stayFrom"], event["stayTo"])


def _stay_is_valid(first: int | None, end: int | None) -> bool:
    if first is None or end is None:
        return False
    return 1 <= end - first <= LONGEST_HOTEL_RANGE and first >= 0 and end <= YEAR_2101
