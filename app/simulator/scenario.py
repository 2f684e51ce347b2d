"""Seeded traffic on all three topics: the same seed gives the same events, with the same start the same bytes."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from app.simulator.encoding import BOOKINGS, INVENTORY, PAYMENTS, WRITERS, Event, encode, key_of
from app.simulator.hotels import Hotels
from app.simulator.outgoing import Outgoing
from app.simulator.spoil import spoil_any
from app.simulator.stays import Stays
from app.simulator.stores import Stores

MINUTE = 60_000
LATEST = 3 * 24 * 60 * MINUTE
RECENT = 500  # records back, for what is sent twice
TOPIC_WEIGHTS = {INVENTORY: 60, BOOKINGS: 22, PAYMENTS: 18}
HOTEL_SHARE = 0.05
WRITER_WEIGHTS = {BOOKINGS: (25, 50, 25), INVENTORY: (75, 25), PAYMENTS: (75, 25)}


class Shares(NamedTuple):
    """Which part of the records, 0..1, is sent a second time, occurred long before, or can't be applied."""

    duplicates: float = 0.0
    late: float = 0.0
    poison: float = 0.0


NONE = Shares()


class Scenario:
    """Endless traffic of `rate` records a second; occurredAt counts from `start`, epoch milliseconds."""

    def __init__(self, seed: int, *, start: int, rate: float, shares: Shares = NONE) -> None:
        self._rng = Random(seed)
        self._name = f"s{seed}"
        self._start = start
        self._rate = rate
        self._shares = shares
        self._events = 0
        self._stores = Stores(self._rng)
        self._hotels = Hotels(self._rng)
        self._stays = Stays(self._rng, self._name)
        self._recent: list[tuple[str, bytes, bytes]] = []
        self._last: dict[str, tuple[Event, bytes]] = {}

    def records(self, count: int) -> Iterator[Outgoing]:
        """The next `count` records, in the order and at the times they are to be sent."""
        for number in range(count):
            due = number / self._rate
            at = self._start + int(due * 1_000)
            drawn = self._rng.random()
            if drawn < self._shares.poison:
                yield self._spoiled(at)._replace(due=due)
            elif drawn < self._shares.poison + self._shares.duplicates and self._recent:
                yield Outgoing(*self._rng.choice(self._recent), due)
            else:
                yield Outgoing(*self._good(at), due)

    def _good(self, at: int) -> tuple[str, bytes, bytes]:
        topic = self._topic()
        if self._rng.random() < self._shares.late:
            at = max(at - self._rng.randrange(2 * MINUTE, LATEST), 0)
        event, key = self._event(topic, at)
        writer = self._rng.choices(WRITERS[topic], WRITER_WEIGHTS[topic])[0]
        record = (topic, key, encode(event, writer))
        self._last[topic] = (event, key)
        if len(self._recent) == RECENT:
            self._recent[self._rng.randrange(RECENT)] = record
        else:
            self._recent.append(record)
        return record

    def _spoiled(self, at: int) -> Outgoing:
        topic = self._topic()
        if topic not in self._last:
            self._last[topic] = self._event(topic, at)
        event, key = self._last[topic]
        spoiled = spoil_any(self._rng, topic, {**event, "eventId": self._next_id()}, key=key)
        return Outgoing(spoiled.topic, spoiled.key, spoiled.value)

    def _topic(self) -> str:
        topic = self._rng.choices(list(TOPIC_WEIGHTS), list(TOPIC_WEIGHTS.values()))[0]
        return BOOKINGS if topic == PAYMENTS and not self._stays.payments_due else topic

    def _event(self, topic: str, at: int) -> tuple[Event, bytes]:
        event_id = self._next_id()
        region = ""
        if topic == BOOKINGS:
            event, region = self._stays.next_booking(event_id, at)
        elif topic == PAYMENTS:
            event = self._stays.next_payment(event_id, at)
        elif self._rng.random() < (0.5 if self._hotels.opening else HOTEL_SHARE):
            event = self._hotels.next(event_id, at)
        else:
            event = self._stores.next(event_id, at)
        return event, key_of(topic, event, region)

    def _next_id(self) -> str:
        self._events += 1
        return f"{self._name}-e{self._events}"
