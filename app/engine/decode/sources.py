"""What each source topic holds: the reader's schema, and how its fields and the record around them become an event."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from app.domain.bookings import DEFAULT_ROOM_TYPE, DEFAULT_ROOMS
from app.domain.poison import (
    DAY_MS,
    Poison,
    booking_problem,
    inventory_problem,
    key_problem,
    payment_problem,
    region_of,
)
from app.engine.decode.booking_batch import bookings_good, bookings_made
from app.engine.decode.columns import Batch
from app.engine.decode.cursor import Ints, Mask
from app.engine.decode.inventory_batch import inventory_good, inventory_made
from app.engine.decode.payment_batch import payments_good, payments_made
from app.engine.decode.shape import Shape, parse
from schemas.bookings import BookingEvent
from schemas.bundled import BOOKING_EVENT_V2, BUNDLED, INVENTORY_EVENT, PAYMENT_EVENT
from schemas.inventory import InventoryEvent
from schemas.payments import PaymentEvent

Event = InventoryEvent | BookingEvent | PaymentEvent


class Record(Protocol):
    """One record of a source topic; timestamp in epoch ms."""

    @property
    def key(self) -> bytes | None:
        """Null where the producer gave none."""

    @property
    def value(self) -> bytes | None:
        """Null for a tombstone."""

    @property
    def timestamp(self) -> int:
        """As the producer or the broker set it."""


class Source(NamedTuple):
    """A source topic's record as we read it, and what becomes of its fields, of one record or of a batch.

    good says which records of a batch keep the rules on values; made gives their events, in order, or None for a
    record to be read by itself. Timestamps are the records', epoch ms.
    """

    reader: Shape
    event: Callable[[list[Any], Record], Event | Poison]
    good: Callable[[Batch, Ints], Mask]
    made: Callable[[Batch, Sequence[bytes | None], Ints], Sequence[Event | None]]


def inventory_event(values: list[Any], record: Record) -> InventoryEvent | Poison:
    """The event, or its key-mismatch or invalid-value."""
    event = InventoryEvent._make(values)
    mismatch = key_problem(record.key, event.location_id, "locationId")
    return mismatch or inventory_problem(event, record.timestamp) or event


def payment_event(values: list[Any], record: Record) -> PaymentEvent | Poison:
    """The event, or its key-mismatch or invalid-value."""
    event = PaymentEvent._make(values)
    mismatch = key_problem(record.key, event.payment_id, "paymentId")
    return mismatch or payment_problem(event, record.timestamp) or event


def booking_event(values: list[Any], record: Record) -> BookingEvent | Poison:
    """The event, or its key-mismatch or invalid-value; room type and rooms stay None where both were left out."""
    booking_id, customer_id, hotel_id, check_in, check_out, amount, currency, status, metadata = values[:9]
    event_id, room_type, rooms, occurred_at = values[9:]
    region = region_of(record.key, customer_id)
    if isinstance(region, Poison):
        return region
    if room_type is None and rooms is not None:
        room_type = DEFAULT_ROOM_TYPE
    elif rooms is None and room_type is not None:
        rooms = DEFAULT_ROOMS
    event = BookingEvent(
        event_id=event_id,
        booking_id=booking_id,
        customer_id=customer_id,
        hotel_id=hotel_id,
        check_in=check_in // DAY_MS,
        check_out=check_out // DAY_MS,
        total_amount=amount,
        currency=currency,
        status=status,
        metadata=metadata,
        room_type=room_type,
        rooms=rooms,
        occurred_at=occurred_at or record.timestamp,
        region=region,
    )
    return booking_problem(event, record.timestamp) or event


def _booking_reader() -> Shape:
    """BookingEvent v2, but for room type and rooms, whose absence the event has to show."""
    shape = parse(BUNDLED[BOOKING_EVENT_V2])
    left_out = ("roomType", "rooms")
    shape.fields = tuple(field._replace(default=None) if field.name in left_out else field for field in shape.fields)
    return shape


SOURCES = {
    "booking-events": Source(_booking_reader(), booking_event, bookings_good, bookings_made),
    "inventory-events": Source(parse(BUNDLED[INVENTORY_EVENT]), inventory_event, inventory_good, inventory_made),
    "payment-events": Source(parse(BUNDLED[PAYMENT_EVENT]), payment_event, payments_good, payments_made),
}
