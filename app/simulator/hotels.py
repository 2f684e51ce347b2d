"""Hotel events: an allotment for every room type first, then changes of it, stops and openings."""

from random import Random

from app.simulator.encoding import Event, date_text

DAY = 86_400_000
HOTELS = 25
ROOM_TYPES = ("STANDARD", "DELUXE", "FAMILY", "SUITE")
BOOKABLE_DAYS = 180
EVENTS = ("ALLOTMENT", "STOP_SELL", "OPEN_SELL")
WEIGHTS = (70, 15, 15)


class Hotels:
    """All hotels of a scenario; every event is drawn from `rng`."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._unopened = [(hotel, room_type) for hotel in range(HOTELS) for room_type in ROOM_TYPES]
        self._rng.shuffle(self._unopened)

    @property
    def opening(self) -> bool:
        """Whether some room type was not allotted yet."""
        return bool(self._unopened)

    def next(self, event_id: str, at: int) -> Event:
        """The next allotment, stop or opening, at epoch milliseconds `at`."""
        today = at // DAY
        if self._unopened:
            hotel, room_type = self._unopened.pop()
            return self._event(event_id, at, (hotel, room_type), ("ALLOTMENT", today, today + BOOKABLE_DAYS))
        room = (self._rng.randrange(HOTELS), self._rng.choice(ROOM_TYPES))
        first = today + self._rng.randrange(BOOKABLE_DAYS)
        event_type = self._rng.choices(EVENTS, WEIGHTS)[0]
        return self._event(event_id, at, room, (event_type, first, first + self._rng.randrange(1, 15)))

    def _event(self, event_id: str, at: int, room: tuple[int, str], change: tuple[str, int, int]) -> Event:
        event_type, first, end = change
        return {
            "eventId": event_id,
            "locationType": "HOTEL",
            "locationId": hotel_name(room[0]),
            "itemId": room[1],
            "eventType": event_type,
            "quantity": self._rng.randrange(2, 25) if event_type == "ALLOTMENT" else 0,
            "occurredAt": at,
            "stayFrom": date_text(first),
            "stayTo": date_text(end),
            "source": "channel-manager",
        }


def hotel_name(number: int) -> str:
    """The hotel's id."""
    return f"hotel-{number:03}"
