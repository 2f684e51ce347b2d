"""Events that can never be applied: the reasons, and the checks on keys and values."""

import math
from typing import Final, NamedTuple

from app.domain.availability import HOTEL_EVENTS
from app.domain.stock import STORE_EVENTS
from schemas.bookings import BookingEvent
from schemas.inventory import InventoryEvent
from schemas.payments import PaymentEvent

NOT_AVRO_OR_JSON: Final = "not-avro-or-json"
UNKNOWN_SCHEMA: Final = "unknown-schema"
DOES_NOT_FIT_SCHEMA: Final = "does-not-fit-schema"
KEY_MISMATCH: Final = "key-mismatch"
INVALID_VALUE: Final = "invalid-value"
#: Not of the contract's five: the record was never read to its end.
KILLS_WORKER: Final = "kills-worker"
REASONS = (NOT_AVRO_OR_JSON, UNKNOWN_SCHEMA, DOES_NOT_FIT_SCHEMA, KEY_MISMATCH, INVALID_VALUE)

MAX_ID_CODE_POINTS = 128
MAX_BOOKING_NIGHTS = 365
MAX_HOTEL_NIGHTS = 731
MAX_ROOMS = 99
MAX_QUANTITY = 1_000_000_000
MAX_AHEAD_MS = 600_000
DAY_MS = 86_400_000
END_DAY = 47_847  # 2101-01-01
END_MS = END_DAY * DAY_MS


class Poison(NamedTuple):
    """A record for the dead letter topic; error names field and rule, never what the record holds."""

    reason: str
    error: str


def region_of(key: bytes | None, customer_id: str) -> str | Poison:
    """The rest of a booking's key behind `customerId:`, or the key-mismatch."""
    text = _text(key)
    if isinstance(text, Poison):
        return text
    if not text.startswith(customer_id + ":"):
        return Poison(KEY_MISMATCH, "key does not start with customerId and a colon")
    return text[len(customer_id) + 1 :]


def key_problem(key: bytes | None, expected: str, field: str) -> Poison | None:
    """The key-mismatch of a record whose key must be the id in `field`, if there is one."""
    text = _text(key)
    if isinstance(text, Poison):
        return text
    return None if text == expected else Poison(KEY_MISMATCH, f"key is not {field}")


def inventory_problem(event: InventoryEvent, timestamp: int) -> Poison | None:
    """The first value out of range, if any; timestamp is the record's, epoch ms."""
    ids = ("eventId", event.event_id), ("locationId", event.location_id), ("itemId", event.item_id)
    hotel = event.location_type == "HOTEL"
    error = _ids(*ids) or _time("occurredAt", event.occurred_at) or _ahead(event.occurred_at, timestamp)
    if not error and event.event_type not in (HOTEL_EVENTS if hotel else STORE_EVENTS):
        error = "eventType does not fit locationType"
    if not error and abs(event.quantity) > MAX_QUANTITY:
        error = "quantity is beyond 1e9"
    if not error and event.quantity < 0 and event.event_type != "ADJUSTMENT":
        error = "quantity is negative outside ADJUSTMENT"
    if not error and hotel:
        error = _stay(event.stay_from, event.stay_to)
    return Poison(INVALID_VALUE, error) if error else None


def booking_problem(event: BookingEvent, timestamp: int) -> Poison | None:
    """The first value out of range, if any; timestamp is the record's, epoch ms."""
    ids = ("bookingId", event.booking_id), ("customerId", event.customer_id), ("hotelId", event.hotel_id)
    room_type = (("roomType", event.room_type),) if event.room_type is not None else ()
    error = (
        _ids(*ids, *room_type)
        or _long_id("eventId", event.event_id)
        or _time("occurredAt", event.occurred_at)
        or _ahead(event.occurred_at, timestamp)
        or _dates(event.check_in, event.check_out)
        or _currency(event.currency)
    )
    if not error and not (math.isfinite(event.total_amount) and event.total_amount >= 0):
        error = "totalAmount is negative or no finite number"
    if not error and event.rooms is not None and not 1 <= event.rooms <= MAX_ROOMS:
        error = "rooms is outside 1..99"
    return Poison(INVALID_VALUE, error) if error else None


def payment_problem(event: PaymentEvent, timestamp: int) -> Poison | None:
    """The first value out of range, if any; timestamp is the record's, epoch ms."""
    ids = ("eventId", event.event_id), ("paymentId", event.payment_id), ("bookingId", event.booking_id)
    error = (
        _ids(*ids)
        or _time("occurredAt", event.occurred_at)
        or _ahead(event.occurred_at, timestamp)
        or _currency(event.currency)
    )
    if not error and event.amount_minor < 0:
        error = "amountMinor is negative"
    return Poison(INVALID_VALUE, error) if error else None


def _text(key: bytes | None) -> str | Poison:
    if key is None:
        return Poison(KEY_MISMATCH, "key is null")
    try:
        return key.decode()
    except UnicodeDecodeError:
        return Poison(KEY_MISMATCH, "key is not UTF-8")


def _ids(*fields: tuple[str, str]) -> str:
    for name, value in fields:
        if not value:
            return f"{name} is empty"
        if error := _long_id(name, value):
            return error
    return ""


def _long_id(name: str, value: str) -> str:
    return f"{name} is over 128 code points" if len(value) > MAX_ID_CODE_POINTS else ""


def _time(name: str, value: int) -> str:
    return "" if 0 <= value < END_MS else f"{name} is outside 1970..2100"


def _ahead(occurred_at: int, timestamp: int) -> str:
    ahead = occurred_at > timestamp + MAX_AHEAD_MS
    return "occurredAt is over 10 minutes after the record's timestamp" if ahead else ""


def _dates(check_in: int, check_out: int) -> str:
    if not 0 <= check_in < END_DAY:
        return "checkIn is outside 1970..2100"
    if not 0 <= check_out < END_DAY:
        return "checkOut is outside 1970..2100"
    if check_out <= check_in:
        return "checkOut is not after checkIn"
    return "checkOut is over 365 nights after checkIn" if check_out - check_in > MAX_BOOKING_NIGHTS else ""


def _stay(first: int | None, last: int | None) -> str:
    if first is None or last is None:
        return "stayFrom or stayTo is missing in an event of a hotel"
    if first < 0 or last > END_DAY:
        return "stayFrom or stayTo is outside 1970..2100"
    if last <= first:
        return "stayTo is not after stayFrom"
    return "stayTo is over 731 nights after stayFrom" if last - first > MAX_HOTEL_NIGHTS else ""


def _currency(value: str) -> str:
    plain = len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()
    return "" if plain else "currency is not three letters A-Z"
