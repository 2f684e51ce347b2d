"""bookings: each booking as its last accepted event left it; writer agents/bookings.py."""

import orjson

from app.application import app
from app.domain.bookings import Booking
from app.engine.group import BOOKINGS
from app.engine.keys import KeyFormat
from app.engine.table import RowFormat, RowTable


def encode(booking: Booking) -> bytes:
    """A JSON array of the fields."""
    return orjson.dumps(list(booking))


def decode(value: bytes) -> Booking:
    """The booking that encode was given."""
    return Booking(*orjson.loads(value))


bookings: RowTable[Booking] = app.Table(
    "bookings",
    group=BOOKINGS.name,
    format=KeyFormat(b"b", (str,)),
    rows=RowFormat(encode, decode),
    partitions=BOOKINGS.partitions,
    changelog_topic=app.changelog_topic(BOOKINGS),
    help="Each booking: dates, rooms, status, amount.",
)
