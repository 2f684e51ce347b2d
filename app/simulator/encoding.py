"""Events, as dicts of the contract's JSON, to the bytes producers send."""

import datetime
import io
from collections.abc import Mapping
from typing import Any

import fastavro
import orjson

from schemas.bundled import BUNDLED

Event = dict[str, Any]

BOOKINGS, INVENTORY, PAYMENTS = "booking-events", "inventory-events", "payment-events"
KEY_FIELD = {INVENTORY: "locationId", PAYMENTS: "paymentId"}
#: What writers of each topic send: 0 is JSON, anything else a bundled schema id.
WRITERS = {BOOKINGS: (1, 2, 0), INVENTORY: (3, 0), PAYMENTS: (4, 0)}
JSON = 0

EPOCH = datetime.date(1970, 1, 1)
_PARSED = {schema_id: fastavro.parse_schema(schema) for schema_id, schema in BUNDLED.items()}
_DATES = ("stayFrom", "stayTo")


def encode(event: Mapping[str, Any], writer: int) -> bytes:
    """The record's value: JSON for writer 0, else Avro in the wire format under that schema id."""
    if writer == JSON:
        return orjson.dumps(event)
    body = io.BytesIO()
    body.write(b"\0" + writer.to_bytes(4, "big"))
    days = {name: day_number(event[name]) for name in _DATES if event.get(name) is not None}
    fastavro.schemaless_writer(body, _PARSED[writer], {**event, **days})
    return body.getvalue()


def key_of(topic: str, event: Mapping[str, Any], region: str = "") -> bytes:
    """The key producers give the event: customerId:region, locationId or paymentId."""
    if topic == BOOKINGS:
        return f"{event['customerId']}:{region}".encode()
    return str(event[KEY_FIELD[topic]]).encode()


def day_number(date: str) -> int:
    """Days since 1970 of YYYY-MM-DD."""
    return (datetime.date.fromisoformat(date) - EPOCH).days


def date_text(day: int) -> str:
    """YYYY-MM-DD of days since 1970."""
    return (EPOCH + datetime.timedelta(days=day)).isoformat()
