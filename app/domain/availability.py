"""One night of one room type in one hotel: how many rooms there are, how many are sold, whether it is closed."""

from collections.abc import Iterable
from typing import NamedTuple

from app.domain.ignored import Ignored
from schemas.inventory import InventoryEvent

HOTEL_EVENTS = frozenset({"ALLOTMENT", "STOP_SELL", "OPEN_SELL"})


class Night(NamedTuple):
    """Rooms of a night; allotted_at and closed_at are the occurredAt (epoch ms) of the last update of either kind."""

    capacity: int | None = None
    sold: int = 0
    closed: bool = False
    allotted_at: int | None = None
    closed_at: int | None = None


_EMPTY = Night()


def decide(night: Night | None, event: InventoryEvent) -> Night | Ignored:
    """The night after one HOTEL event that covers it; ValueError for no hotel event type."""
    night = night or _EMPTY
    at = event.occurred_at
    if event.event_type == "ALLOTMENT":
        if night.allotted_at is not None and at < night.allotted_at:
            return Ignored.STALE_ALLOTMENT
        return night._replace(capacity=event.quantity, allotted_at=at)
    if event.event_type not in HOTEL_EVENTS:
        raise ValueError("not an event type of a hotel")
    if night.closed_at is not None and at < night.closed_at:
        return Ignored.STALE_ALLOTMENT
    return night._replace(closed=event.event_type == "STOP_SELL", closed_at=at)


def reserve(night: Night | None, rooms: int) -> Night:
    """The night with `rooms` more sold; fewer where rooms is negative."""
    night = night or _EMPTY
    return night._replace(sold=night.sold + rooms)


def available(night: Night) -> int | None:
    """Rooms still to sell: 0 where closed, None where the capacity is unknown."""
    if night.closed:
        return 0
    return None if night.capacity is None else max(night.capacity - night.sold, 0)


def overbooked(night: Night) -> bool:
    """Whether more rooms are sold than the known capacity."""
    return night.capacity is not None and night.sold > night.capacity


def overbooked_nights(nights: Iterable[Night | None]) -> int:
    """How many of the nights are overbooked."""
    return len([1 for night in nights if night is not None and overbooked(night)])
