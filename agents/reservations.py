"""stayshelf-reservations -> availability."""

from collections.abc import AsyncIterator

from app.application import app
from app.domain.availability import reserve
from app.engine.unit import Unit
from app.topics import reservations as reservations_topic
from tables.availability import availability


@app.agent(reservations_topic)
async def reservations(units: AsyncIterator[Unit]) -> None:
    """Nights taken and released by bookings, hotel by hotel."""
    async for unit in units:
        nights = unit.rows(availability)
        for event in unit.events():
            for night in range(event.first_night, event.last_night):
                key = availability.key(event.hotel_id, night, event.room_type)
                nights.put(key, reserve(nights.get(key), event.rooms))
