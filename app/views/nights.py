"""How a hotel night is shown, by the hotel and over all hotels."""

from typing_extensions import TypedDict

from app.domain.availability import Night, available, overbooked
from app.views.fields import Day
from app.views.parameters import day_text


class NightAnswer(TypedDict):
    """One night of one room type; available is null where the capacity is not known, 0 where the night is closed."""

    date: Day
    roomType: str
    capacity: int | None
    sold: int
    available: int | None
    overbooked: bool
    closed: bool


def shown(night: int, room_type: str, row: Night) -> NightAnswer:
    """A night (in epoch days) as the API shows it."""
    return {
        "date": day_text(night),
        "roomType": room_type,
        "capacity": row.capacity,
        "sold": row.sold,
        "available": available(row),
        "overbooked": overbooked(row),
        "closed": row.closed,
    }
