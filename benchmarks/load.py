"""The stock job's events: 10,000 stores x 200 items in Avro, uniform or zipf, and what they add up to."""

import io
import itertools
import random
import time
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

import fastavro
from aiokafka import AIOKafkaProducer

from app.engine.idempotent import IdempotentProducer
from app.engine.partitioner import partition_of
from schemas.bundled import BUNDLED

TOPIC, PARTITIONS = "inventory-events", 24
STORES, ITEMS = 10_000, 200
SCHEMA_ID = 3
HOUR_MS = 3_500_000


class Event(NamedTuple):
    """One movement or count, and the partition of its store."""

    partition: int
    store: str
    item: str
    kind: str
    quantity: int
    occurred_at: int


def events(count: int, distribution: str, seed: int = 1) -> Iterator[Event]:
    """70 % sales, 15 % receipts, 10 % returns, 5 % counts; occurredAt rises over the last hour."""
    chosen = random.Random(seed)
    rows = range(STORES * ITEMS)
    if distribution == "zipf":
        weights = list(itertools.accumulate(1.0 / rank for rank in range(1, len(rows) + 1)))
        shuffled = random.Random(99).sample(rows, len(rows))
        places = (shuffled[place] for place in chosen.choices(rows, cum_weights=weights, k=count))
    else:
        places = (chosen.randrange(len(rows)) for _ in range(count))
    partitions = [partition_of(f"store-{store:05d}".encode(), PARTITIONS) for store in range(STORES)]
    first = int(time.time() * 1000) - HOUR_MS
    for n, place in enumerate(places):
        kind, most = next(
            (kind, most)
            for share, kind, most in ((0.7, "SALE", 5), (0.85, "RECEIPT", 50), (0.95, "RETURN", 3), (1.0, "COUNT", 500))
            if (n * 0.61803398875) % 1.0 < share
        )
        store, item = divmod(place, ITEMS)
        at = first + n * HOUR_MS // count
        yield Event(partitions[store], f"store-{store:05d}", f"sku-{item:05d}", kind, chosen.randint(1, most), at)


def encoded(event: Event) -> bytes:
    """The event in Confluent's wire format."""
    out = io.BytesIO(b"\0" + SCHEMA_ID.to_bytes(4, "big"))
    out.seek(5)
    record = {
        "eventId": str(uuid.uuid4()), "locationType": "STORE", "locationId": event.store, "itemId": event.item,
        "eventType": event.kind, "quantity": event.quantity, "occurredAt": event.occurred_at,
    }  # fmt: skip
    fastavro.schemaless_writer(out, _SCHEMA, record)
    return out.getvalue()


def folded(rows: dict[tuple[str, str], tuple[int, int]], event: Event) -> None:
    """Add an event to what the rows must hold: on hand and the last event's time."""
    on_hand, _ = rows.get((event.store, event.item), (0, 0))
    if event.kind == "COUNT":
        on_hand = event.quantity
    else:
        on_hand += -event.quantity if event.kind == "SALE" else event.quantity
    rows[event.store, event.item] = (on_hand, event.occurred_at)


async def publish(broker: str, found: Iterator[Event]) -> dict[tuple[str, str], tuple[int, int]]:
    """Send events in batches of their partitions; answers the rows they add up to."""
    rows: dict[tuple[str, str], tuple[int, int]] = {}
    producer = IdempotentProducer(bootstrap_servers=broker, max_batch_size=900_000, compression_type=None)
    await producer.start()
    try:
        batches: dict[int, Any] = {}
        for event in found:
            folded(rows, event)
            batch = batches.get(event.partition) or batches.setdefault(event.partition, producer.create_batch())
            record = {"timestamp": None, "key": event.store.encode(), "value": encoded(event)}
            if batch.append(**record) is None:
                await _send(producer, batches.pop(event.partition), event.partition)
                batches[event.partition] = producer.create_batch()
                batches[event.partition].append(**record)
        for partition, batch in batches.items():
            await _send(producer, batch, partition)
    finally:
        await producer.stop()
    return rows


async def _send(producer: AIOKafkaProducer, batch: Any, partition: int) -> None:
    await (await producer.send_batch(batch, TOPIC, partition=partition))


_SCHEMA = fastavro.parse_schema(BUNDLED[SCHEMA_ID])
