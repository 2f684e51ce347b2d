"""What producers send: few keys, so that every record matters to the next; some sent twice, some that are poison."""

from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from app.engine.group import GROUP_OF_SOURCE
from app.engine.partitioner import partition_of
from app.engine.task import TaskId
from app.simulator.encoding import BOOKINGS, INVENTORY, PAYMENTS, WRITERS, date_text, encode
from tests.simulation.virtual_time import EPOCH_S

#: The only tasks there are, so that a run is short.
TASKS = [TaskId("bookings", 7), TaskId("inventory", 3), TaskId("inventory", 11), TaskId("payments", 4)]
DAY_MS = 86_400_000
FIRST_NIGHT = int(EPOCH_S) // 86_400 + 10


class Arriving(NamedTuple):
    """A record and the time, in seconds, when a producer sends it."""

    at: float
    topic: str
    partition: int
    timestamp: int
    key: bytes | None
    value: bytes | None


def _keys(topic: str, pattern: str, count: int) -> list[str]:
    """Keys of the partitions that take part."""
    group = GROUP_OF_SOURCE[topic]
    wanted = {n for name, n in TASKS if name == group.name}
    found = (text for text in (pattern % n for n in range(10_000)) if _partition(topic, text) in wanted)
    return [next(found) for _ in range(count)]


def _partition(topic: str, key: str) -> int:
    return partition_of(key.encode(), GROUP_OF_SOURCE[topic].partitions)


STORES = _keys(INVENTORY, "store-%d", 4)
HOTELS = _keys(INVENTORY, "hotel-%d", 3)
CUSTOMERS = _keys(BOOKINGS, "customer-%d:EU", 2)
PAYERS = _keys(PAYMENTS, "payment-%d", 6)

MOVEMENTS = ("SALE", "SALE", "SALE", "RECEIPT", "COUNT", "ADJUSTMENT", "RETURN")


def traffic(rng: Random, *, bursts: int, seconds: float) -> Iterator[Arriving]:
    """Bursts of records over so many seconds."""
    sent: list[Arriving] = []
    for at in sorted(rng.uniform(0.0, seconds) for _ in range(bursts)):
        for _ in range(rng.randrange(1, 9)):
            timestamp = int((EPOCH_S + at) * 1_000) - rng.choice((0, 0, 0, 700))
            if sent and rng.random() < 0.12:
                record = rng.choice(sent)._replace(at=at, timestamp=timestamp)
            else:
                topic, key, event = _event(rng, f"e{len(sent)}", timestamp)
                value = encode(event, rng.choice(WRITERS[topic]))
                value = value[:-3] if rng.random() < 0.04 else value
                record = Arriving(at, topic, _partition(topic, key), timestamp, key.encode(), value)
            sent.append(record)
            yield record


def _event(rng: Random, event_id: str, now: int) -> tuple[str, str, dict[str, Any]]:
    at = now - rng.choice((0, 0, 0, 5_000, 60_000))
    kind = rng.random()
    if kind < 0.35:
        return _movement(rng, event_id, at)
    if kind < 0.45:
        return _nights(rng, event_id, at)
    return _booking(rng, event_id, at) if kind < 0.7 else _payment(rng, event_id, at)


def _movement(rng: Random, event_id: str, at: int) -> tuple[str, str, dict[str, Any]]:
    store = rng.choice(STORES)
    event = {
        "eventId": event_id,
        "locationType": "STORE",
        "locationId": store,
        "itemId": f"sku-{rng.randrange(3)}",
        "eventType": rng.choice(MOVEMENTS),
        "quantity": rng.randrange(1, 9),
        "occurredAt": at,
    }
    return INVENTORY, store, event


def _nights(rng: Random, event_id: str, at: int) -> tuple[str, str, dict[str, Any]]:
    hotel, first = rng.choice(HOTELS), FIRST_NIGHT + rng.randrange(3)
    event = {
        "eventId": event_id,
        "locationType": "HOTEL",
        "locationId": hotel,
        "itemId": "STANDARD",
        "eventType": rng.choice(("ALLOTMENT", "ALLOTMENT", "STOP_SELL", "OPEN_SELL")),
        "quantity": rng.randrange(1, 4),
        "occurredAt": at,
        "stayFrom": date_text(first),
        "stayTo": date_text(first + rng.randrange(1, 4)),
    }
    return INVENTORY, hotel, event


def _booking(rng: Random, event_id: str, at: int) -> tuple[str, str, dict[str, Any]]:
    number = rng.randrange(8)
    customer = CUSTOMERS[number % len(CUSTOMERS)]
    first = FIRST_NIGHT + rng.randrange(3)
    event = {
        "eventId": event_id,
        "bookingId": f"b{number}",
        "customerId": customer.split(":")[0],
        "hotelId": HOTELS[number % len(HOTELS)],
        "checkIn": first * DAY_MS,
        "checkOut": (first + rng.randrange(1, 3)) * DAY_MS,
        "totalAmount": 10.0 * rng.randrange(1, 9),
        "currency": "EUR",
        "status": rng.choice(("PENDING", "CONFIRMED", "CONFIRMED", "CANCELLED")),
        "rooms": rng.randrange(1, 3),
        "roomType": "STANDARD",
        "occurredAt": at,
    }
    return BOOKINGS, customer, event


def _payment(rng: Random, event_id: str, at: int) -> tuple[str, str, dict[str, Any]]:
    payment = rng.choice(PAYERS)
    event = {
        "eventId": event_id,
        "paymentId": payment,
        "bookingId": f"b{rng.randrange(8)}",
        "amountMinor": rng.randrange(100, 999),
        "currency": "EUR",
        "method": "card",
        "status": rng.choice(("AUTHORIZED", "FAILED", "COMPLETED", "COMPLETED", "REFUNDED")),
        "occurredAt": at,
    }
    return PAYMENTS, payment, event
