"""Records for the model's tests: valid events of each topic, to be changed by name."""

import io
import json
from typing import Any

import fastavro

from app.simulator.reference.record import LogRecord
from app.simulator.reference.shapes import BY_ID

NOW = 1_750_000_000_000
DAY = 86_400_000
TODAY = NOW // DAY

BOOKING = {
    "bookingId": "B1",
    "customerId": "C1",
    "hotelId": "H1",
    "checkIn": (TODAY + 10) * DAY,
    "checkOut": (TODAY + 12) * DAY,
    "totalAmount": 120.5,
    "currency": "EUR",
    "status": "CONFIRMED",
    "eventId": "e1",
    "occurredAt": NOW,
}
MOVEMENT = {
    "eventId": "e1",
    "locationType": "STORE",
    "locationId": "S1",
    "itemId": "I1",
    "eventType": "SALE",
    "quantity": 1,
    "occurredAt": NOW,
}
ALLOTMENT = {
    **MOVEMENT,
    "locationType": "HOTEL",
    "locationId": "H1",
    "itemId": "STANDARD",
    "eventType": "ALLOTMENT",
    "quantity": 5,
    "stayFrom": "2025-06-20",
    "stayTo": "2025-06-22",
}
PAYMENT = {
    "eventId": "e1",
    "paymentId": "P1",
    "bookingId": "B1",
    "amountMinor": 12_050,
    "currency": "EUR",
    "method": "CARD",
    "status": "AUTHORIZED",
    "occurredAt": NOW,
}


def booking(**changed: Any) -> LogRecord:
    event = {**BOOKING, **changed}
    return of("booking-events", key=f"{event['customerId']}:EU", event=event)


def movement(**changed: Any) -> LogRecord:
    event = {**MOVEMENT, **changed}
    return of("inventory-events", key=event["locationId"], event=event)


def allotment(**changed: Any) -> LogRecord:
    event = {**ALLOTMENT, **changed}
    return of("inventory-events", key=event["locationId"], event=event)


def payment(**changed: Any) -> LogRecord:
    event = {**PAYMENT, **changed}
    return of("payment-events", key=event["paymentId"], event=event)


def of(topic: str, *, key: str, event: dict[str, Any]) -> LogRecord:
    kept = {name: value for name, value in event.items() if value is not ...}
    return LogRecord(topic, 0, 0, NOW, key.encode(), json.dumps(kept).encode())


def avro(schema_id: int, event: dict[str, Any]) -> bytes:
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(BY_ID[schema_id]), event)
    return b"\0" + schema_id.to_bytes(4, "big") + body.getvalue()
