"""Records of the source topics, written with fastavro and plain JSON, and writers' schemas later than ours."""

import copy
import io
import json
import struct
from dataclasses import dataclass, field
from typing import Any

from fastavro import parse_schema, schemaless_writer

from app.engine.decode import RegistryUnavailable
from schemas.bookings import BookingEvent
from schemas.bundled import BUNDLED
from schemas.inventory import InventoryEvent
from schemas.payments import PaymentEvent

NOW = 1_700_000_000_000
DAY = 19_675  # of NOW
DAY_MS = 86_400_000

INVENTORY, BOOKINGS, PAYMENTS = TOPICS = ("inventory-events", "booking-events", "payment-events")
SCHEMA_IDS = {INVENTORY: 3, BOOKINGS: 2, PAYMENTS: 4}
KEYS = {INVENTORY: b"store-1", BOOKINGS: b"c1:eu", PAYMENTS: b"p1"}

DOCUMENTS: dict[str, dict[str, Any]] = {
    INVENTORY: {
        "eventId": "e1",
        "locationType": "STORE",
        "locationId": "store-1",
        "itemId": "sku-1",
        "eventType": "SALE",
        "quantity": 3,
        "occurredAt": NOW,
        "stayFrom": None,
        "stayTo": None,
        "source": "pos",
        "metadata": None,
    },
    BOOKINGS: {
        "bookingId": "b1",
        "customerId": "c1",
        "hotelId": "h1",
        "checkIn": NOW,
        "checkOut": NOW + 2 * DAY_MS,
        "totalAmount": 12.5,
        "currency": "THB",
        "status": "CONFIRMED",
        "metadata": "m",
        "eventId": "e1",
        "roomType": "SUITE",
        "rooms": 2,
        "occurredAt": NOW - 1,
    },
    PAYMENTS: {
        "eventId": "e1",
        "paymentId": "p1",
        "bookingId": "b1",
        "amountMinor": 1250,
        "currency": "THB",
        "method": "card",
        "status": "COMPLETED",
        "occurredAt": NOW,
        "metadata": None,
    },
}
#: What the documents are read as.
EVENTS: dict[str, Any] = {
    INVENTORY: InventoryEvent("e1", "STORE", "store-1", "sku-1", "SALE", 3, NOW, None, None, "pos", None),
    BOOKINGS: BookingEvent(
        "e1", "b1", "c1", "h1", DAY, DAY + 2, 12.5, "THB", "CONFIRMED", "m", "SUITE", 2, NOW - 1, "eu"
    ),
    PAYMENTS: PaymentEvent("e1", "p1", "b1", 1250, "THB", "card", "COMPLETED", NOW, None),
}
HOTEL = {"locationType": "HOTEL", "eventType": "ALLOTMENT", "stayFrom": 100, "stayTo": 103}
HOTEL_DATES = {**HOTEL, "stayFrom": "1970-04-11", "stayTo": "1970-04-14"}


@dataclass
class Record:
    key: bytes | None
    value: bytes | None
    timestamp: int = NOW


@dataclass
class Schemas:
    """A registry in memory that remembers what it was asked, and can't be asked for the ids in `down`."""

    schemas: dict[int, Any] = field(default_factory=lambda: dict(BUNDLED))
    down: set[int] = field(default_factory=set)
    asked: list[int] = field(default_factory=list)

    def writer_schema(self, schema_id: int) -> Any | None:
        self.asked.append(schema_id)
        if schema_id in self.down:
            raise RegistryUnavailable(schema_id)
        return self.schemas.get(schema_id)


def plain(schema: Any) -> Any:
    """The schema without logical types, for which plain numbers are written."""
    if isinstance(schema, list):
        return [plain(each) for each in schema]
    if isinstance(schema, dict):
        return {key: plain(value) for key, value in schema.items() if key != "logicalType"}
    return schema


def wire(schema: Any, document: dict[str, Any], schema_id: int) -> bytes:
    out = io.BytesIO()
    schemaless_writer(out, parse_schema(plain(schema)), document)
    return struct.pack(">BI", 0, schema_id) + out.getvalue()


def in_avro(topic: str, schema_id: int | None = None, **changes: Any) -> Record:
    """The topic's document, with some fields changed, under a bundled schema."""
    schema_id = SCHEMA_IDS[topic] if schema_id is None else schema_id
    return Record(KEYS[topic], wire(BUNDLED[schema_id], DOCUMENTS[topic] | changes, schema_id))


def in_json(topic: str, *without: str, **changes: Any) -> Record:
    """The topic's document, with some fields changed or left out, as JSON."""
    document = {name: value for name, value in (DOCUMENTS[topic] | changes).items() if name not in without}
    return Record(KEYS[topic], json.dumps(document).encode())


def evolved(schema_id: int, **fields: Any) -> dict[str, Any]:
    """A bundled schema with fields added (type, default) in front of the others; None takes a field away."""
    schema = copy.deepcopy(BUNDLED[schema_id])
    kept = [each for each in schema["fields"] if each["name"] not in fields]
    added = [{"name": name, "type": each} for name, each in fields.items() if each is not None]
    schema["fields"] = added + kept
    return schema
