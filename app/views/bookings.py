"""/v1/bookings: one booking, wherever its customer's key put it."""

from operator import itemgetter
from typing import Any

from aiohttp import web
from typing_extensions import TypedDict

from app.domain.bookings import Booking
from app.engine.group import BOOKINGS
from app.views.as_of import AsOf
from app.views.fields import BookingStatus, Day, EpochMs
from app.views.parameters import Query, day_text, path_id
from app.views.parts import Part, Question
from app.views.responses import Problem
from app.views.worker import Task
from tables.bookings import bookings


class BookingRow(TypedDict):
    """A booking; nights are [checkIn, checkOut), updatedAt is the last accepted event's occurredAt in epoch ms."""

    bookingId: str
    customerId: str
    hotelId: str
    roomType: str
    rooms: int
    checkIn: Day
    checkOut: Day
    status: BookingStatus
    totalAmount: float
    currency: str
    region: str
    updatedAt: EpochMs


class BookingAnswer(BookingRow):
    """A booking, and how far behind its sources the answer may be."""

    asOf: list[AsOf]


def booking(request: web.Request) -> Question:
    """A booking, or 404. Its id does not tell its partition, so all are asked and the newest updatedAt counts."""
    booking_id = path_id(request, "bookingId")
    Query(request)
    key = bookings.key(booking_id)

    async def read(task: Task) -> BookingRow | None:
        row = task.read(bookings, key)
        return None if row is None else _shown(booking_id, row)

    def merge(parts: list[Part]) -> dict[str, Any]:
        found = [part.rows for part in parts if part.rows is not None]
        if not found:
            raise Problem(404, "there is no such booking")
        return dict(max(found, key=itemgetter("updatedAt")))

    return Question(BOOKINGS, range(BOOKINGS.partitions), read, merge)


def _shown(booking_id: str, row: Booking) -> BookingRow:
    return {
        "bookingId": booking_id,
        "customerId": row.customer_id,
        "hotelId": row.hotel_id,
        "roomType": row.room_type,
        "rooms": row.rooms,
        "checkIn": day_text(row.check_in),
        "checkOut": day_text(row.check_out),
        "status": row.status,
        "totalAmount": row.total_amount,
        "currency": row.currency,
        "region": row.region,
        "updatedAt": row.updated_at,
    }
