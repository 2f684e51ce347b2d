"""booking-events -> bookings -> stayshelf-reservations."""

from collections.abc import AsyncIterator

from app.application import app
from app.domain.bookings import decide, moves
from app.domain.ignored import Ignored
from app.domain.measures import of_booking
from app.engine.topic_specs import RESERVATIONS
from app.engine.unit import Unit
from app.topics import booking_events
from schemas.reservations import ReservationEvent, encode
from tables.bookings import bookings as bookings_table
from tables.windows import booking_windows


@app.agent(booking_events)
async def bookings(units: AsyncIterator[Unit]) -> None:
    """Bookings as they are made, amended and cancelled, and what each change moves in which hotel."""
    async for unit in units:
        rows, noted = unit.rows(bookings_table), unit.windows(booking_windows)
        for event in unit.events():
            key = bookings_table.key(event.booking_id)
            before = rows.get(key)
            after = decide(before, event)
            if rows.settle(key, after, event.status) and not isinstance(after, Ignored):
                noted.add(of_booking(before, after))
                for sequence, move in enumerate(moves(before, after)):
                    reservation = ReservationEvent(*move, unit.task.partition, unit.record.offset, sequence)
                    unit.send(RESERVATIONS, move.hotel_id, encode(reservation))
