"""The record shapes of the contract's section 2, as Avro schemas by their bundled id."""

from typing import Any

Shape = Any  # a parsed Avro schema: a name, a list (union) or a dict

MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
DATE = {"type": "int", "logicalType": "date"}

NO_DEFAULT = object()


def _enum(name: str, *symbols: str) -> Shape:
    return {"type": "enum", "name": name, "symbols": list(symbols)}


def _record(name: str, *fields: tuple[Any, ...]) -> Shape:
    listed = [dict(zip(("name", "type", "default"), field, strict=False)) for field in fields]
    return {"type": "record", "name": name, "fields": listed}


BOOKING_V1 = (
    ("bookingId", "string"),
    ("customerId", "string"),
    ("hotelId", "string"),
    ("checkIn", "long"),
    ("checkOut", "long"),
    ("totalAmount", "double"),
    ("currency", "string"),
    ("status", _enum("com.agoda.events.BookingStatus", "PENDING", "CONFIRMED", "CANCELLED")),
    ("metadata", ["null", "string"], None),
)
BOOKING_V2 = (
    *BOOKING_V1,
    ("eventId", "string", ""),
    ("roomType", "string", "STANDARD"),
    ("rooms", "int", 1),
    ("occurredAt", MILLIS, 0),
)
STORE_TYPES = ("SALE", "RETURN", "RECEIPT", "TRANSFER_OUT", "TRANSFER_IN", "ADJUSTMENT", "COUNT")
HOTEL_TYPES = ("ALLOTMENT", "STOP_SELL", "OPEN_SELL")
INVENTORY = (
    ("eventId", "string"),
    ("locationType", _enum("com.cpaxtra.events.LocationType", "STORE", "HOTEL")),
    ("locationId", "string"),
    ("itemId", "string"),
    ("eventType", _enum("com.cpaxtra.events.InventoryEventType", *STORE_TYPES, *HOTEL_TYPES)),
    ("quantity", "int"),
    ("occurredAt", MILLIS),
    ("stayFrom", ["null", DATE], None),
    ("stayTo", ["null", DATE], None),
    ("source", ["null", "string"], None),
    ("metadata", ["null", "string"], None),
)
PAYMENT = (
    ("eventId", "string"),
    ("paymentId", "string"),
    ("bookingId", "string"),
    ("amountMinor", "long"),
    ("currency", "string"),
    ("method", "string"),
    ("status", _enum("com.agoda.events.PaymentStatus", "AUTHORIZED", "COMPLETED", "FAILED", "REFUNDED")),
    ("occurredAt", MILLIS),
    ("metadata", ["null", "string"], None),
)
COMPLETED = (
    ("paymentId", "string"),
    ("bookingId", "string"),
    ("amountMinor", "long"),
    ("currency", "string"),
    ("method", "string"),
    ("completedAt", MILLIS),
)

BY_ID: dict[int, Shape] = {
    1: _record("com.agoda.events.BookingEvent", *BOOKING_V1),
    2: _record("com.agoda.events.BookingEvent", *BOOKING_V2),
    3: _record("com.cpaxtra.events.InventoryEvent", *INVENTORY),
    4: _record("com.agoda.events.PaymentEvent", *PAYMENT),
    5: _record("com.agoda.events.PaymentCompleted", *COMPLETED),
}

READER_ID = {"booking-events": 2, "inventory-events": 3, "payment-events": 4}
