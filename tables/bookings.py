"""bookings: each booking as its last accepted event left it; writer agents/bookings.py."""

from app.application import app
from app.domain.bookings import Booking
from app.engine.group import BOOKINGS
from app.engine.keys import KeyFormat
from app.engine.table import RowFormat, RowTable

bookings: RowTable[Booking] = app.Table(
    "bookings",
    group=BOOKINGS.name,
    format=KeyFormat(b"b", (str,)),
    rows=RowFormat(Booking),
    partitions=BOOKINGS.partitions,
    changelog_topic=app.changelog_topic(BOOKINGS),
    help="Each booking: dates, rooms, status, amount.",
)
