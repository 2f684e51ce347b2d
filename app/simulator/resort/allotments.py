"""Hotel events for the stays: rooms for each quarter, a little too few, and stops around the fullest nights."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from app.simulator.encoding import INVENTORY, Event, date_text
from app.simulator.resort.bookings import hotel_id
from app.simulator.resort.happening import DAY, Happening
from app.simulator.resort.rows import Stay

QUARTER = 91
ALLOTTED_DAYS_BEFORE = 800  # before the earliest booking of the quarter
SHARE_OF_PEAK = 0.9
BUSY = 5  # rooms sold in one night
STOP_DAYS_BEFORE, OPEN_DAYS_BEFORE, STOPPED_NIGHTS = 30, 20, 3

Room = tuple[str, str]  # hotel, room type


def hotel_events(stays: Iterable[Stay]) -> Iterator[Happening]:
    """Allotments, stops and openings for all nights the stays ask for."""
    count = 0
    for room, sold in sorted(_sold(stays).items()):
        for event in _events(sold):
            yield _happening(room, count, *event)
            count += 1


def _sold(stays: Iterable[Stay]) -> dict[Room, Counter[int]]:
    sold: dict[Room, Counter[int]] = defaultdict(Counter)
    for stay in stays:
        for night in range(stay.arrival, stay.arrival + stay.nights):
            sold[hotel_id(stay), stay.room_type][night] += 0 if stay.cancelled else stay.rooms
    return sold


def _events(sold: Counter[int]) -> Iterator[tuple[str, int, int, int, int]]:
    quarters: dict[int, Counter[int]] = defaultdict(Counter)
    for night, rooms in sold.items():
        quarters[night // QUARTER][night] = rooms
    for quarter, nights in sorted(quarters.items()):
        first, end = quarter * QUARTER, (quarter + 1) * QUARTER
        fullest, peak = min(nights.items(), key=lambda night: (-night[1], night[0]))
        capacity = max(math.ceil(peak * SHARE_OF_PEAK), 1)
        yield "ALLOTMENT", first, end, capacity, first - ALLOTTED_DAYS_BEFORE
        if peak >= BUSY:
            yield "STOP_SELL", fullest, fullest + STOPPED_NIGHTS, 0, fullest - STOP_DAYS_BEFORE
            yield "OPEN_SELL", fullest + 1, fullest + STOPPED_NIGHTS, 0, fullest - OPEN_DAYS_BEFORE


def _happening(room: Room, count: int, event_type: str, *change: int) -> Happening:
    first, end, quantity, day = change
    event: Event = {
        "eventId": f"resort-hotel-{count}",
        "locationType": "HOTEL",
        "locationId": room[0],
        "itemId": room[1],
        "eventType": event_type,
        "quantity": quantity,
        "occurredAt": day * DAY,
        "stayFrom": date_text(first),
        "stayTo": date_text(end),
        "source": "allotments",
    }
    return Happening(day * DAY, INVENTORY, event)
