"""`python -m benchmarks.traffic`: events at a steady rate into every partition of all three topics, in a process of its
own; and the questions whose answers they change."""

import argparse
import asyncio
import time
from collections.abc import Iterator

from app.engine.partitioner import partition_of
from app.engine.topic_specs import PARTITIONS
from app.simulator.encoding import BOOKINGS, INVENTORY, PAYMENTS, encode
from app.simulator.outgoing import Outgoing
from app.simulator.publisher import publish

STORES, ITEMS, CUSTOMERS, HOTELS = 600, 50, 5_000, 200
DAY_MS = 86_400_000
#: Each tenth record's topic.
_TURNS = (INVENTORY, PAYMENTS, INVENTORY, BOOKINGS, INVENTORY, INVENTORY, PAYMENTS, INVENTORY, BOOKINGS, INVENTORY)


def records(count: int, rate: float) -> Iterator[Outgoing]:
    """60 % sales, 20 % authorised payments, 20 % confirmed bookings of two nights; each run the same but for times."""
    made = {INVENTORY: (_sale, 3), PAYMENTS: (_payment, 4), BOOKINGS: (_booking, 2)}
    for number in range(count):
        topic = _TURNS[number % len(_TURNS)]
        make, schema_id = made[topic]
        key, event = make(number, int(time.time() * 1000))
        yield Outgoing(topic, key.encode(), encode(event, schema_id), number / rate)


def _sale(number: int, now: int) -> tuple[str, dict[str, object]]:
    store = f"store-{number * 7919 % STORES}"
    return store, {
        "eventId": f"e{number}", "locationType": "STORE", "locationId": store, "itemId": f"sku-{number // 3 % ITEMS}",
        "eventType": "SALE", "quantity": 1, "occurredAt": now,
    }  # fmt: skip


def _payment(number: int, now: int) -> tuple[str, dict[str, object]]:
    return f"payment-{number}", {
        "eventId": f"e{number}", "paymentId": f"payment-{number}", "bookingId": f"booking-{number}", "amountMinor": 100,
        "currency": "EUR", "method": "CARD", "status": "AUTHORIZED", "occurredAt": now,
    }  # fmt: skip


def _booking(number: int, now: int) -> tuple[str, dict[str, object]]:
    customer, first = f"customer-{number % CUSTOMERS}", now + number % 300 * DAY_MS
    return f"{customer}:eu", {
        "bookingId": f"booking-{number}", "customerId": customer, "hotelId": f"hotel-{number // 10 % HOTELS}",
        "checkIn": first, "checkOut": first + 2 * DAY_MS, "totalAmount": 1.0, "currency": "EUR", "status": "CONFIRMED",
        "eventId": f"e{number}", "roomType": "STANDARD", "rooms": 1, "occurredAt": now,
    }  # fmt: skip


def questions() -> list[str]:
    """Paths that between them ask every partition; each about what the first seconds of the traffic have made."""
    found: dict[tuple[str, int], str] = {}
    for number in range(20_000):
        topic = _TURNS[number % len(_TURNS)]
        if topic == INVENTORY:
            key = path = f"store-{number * 7919 % STORES}"
            path = f"/v1/stores/{key}/stock?limit={ITEMS}"
        elif topic == PAYMENTS:
            key, path = f"payment-{number}", f"/v1/payments/payment-{number}"
        else:
            key, path = f"customer-{number % CUSTOMERS}:eu", f"/v1/bookings/booking-{number}"
        found.setdefault((topic, partition_of(key.encode(), PARTITIONS[topic])), path)
    return list(found.values())


def main() -> None:
    """Send until told to stop or done."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.traffic", description=__doc__)
    parser.add_argument("--broker", required=True)
    parser.add_argument("--rate", type=float, required=True, help="events a second")
    parser.add_argument("--seconds", type=float, required=True)
    given = parser.parse_args()
    sent = records(int(given.rate * given.seconds), given.rate)
    asyncio.run(publish({"bootstrap_servers": given.broker}, sent, advance=lambda _record: None))


if __name__ == "__main__":
    main()
