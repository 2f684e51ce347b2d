"""Sends records to Kafka, each at its time, and counts what the broker did not take."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from aiokafka.errors import MessageSizeTooLargeError

from app.engine.idempotent import IdempotentProducer
from app.engine.partitioner import partition_of
from app.engine.topic_specs import PARTITIONS
from app.simulator.outgoing import Outgoing

BATCH_BYTES = 128 * 1_024
DELIVERY_MS = 120_000  # Kafka's own delivery timeout; nothing is given up before
AHEAD_SECONDS = 0.002  # nearer than this to its time a record goes out at once
BREATHE_EVERY = 256  # records between two turns of the event loop


class Published(NamedTuple):
    """How many records each topic took, what was refused by error name, and the seconds it took."""

    sent: Counter[str]
    refused: Counter[str]
    seconds: float


async def publish(
    options: dict[str, Any], records: Iterable[Outgoing], *, advance: Callable[[Outgoing], None], speed: float = 1.0
) -> Published:
    """Send `records` in order, keyed as Java's default partitioner does; `due` seconds are divided by `speed`.

    Record timestamps are the time of sending. `advance` is told of each record handed to the producer."""
    sent, refused = Counter[str](), Counter[str]()
    began = time.monotonic()
    producer = IdempotentProducer(max_batch_size=BATCH_BYTES, request_timeout_ms=DELIVERY_MS, **options)
    await producer.start()
    try:
        for number, record in enumerate(records):
            await _wait(number, began, (record.due or 0.0) / speed)
            try:
                partition = None if record.key is None else _home(record.key, PARTITIONS[record.topic])
                delivery = await producer.send(record.topic, record.value, record.key, partition)
            except MessageSizeTooLargeError as error:
                refused[type(error).__name__] += 1
            else:
                delivery.add_done_callback(lambda done, topic=record.topic: _count(done, topic, sent, refused))
            advance(record)
        await producer.flush()
    finally:
        await producer.stop()
    return Published(sent, refused, time.monotonic() - began)


@lru_cache(100_000)
def _home(key: bytes, partitions: int) -> int:
    # The client's own partitioner takes a third of the time of a send, for the same few keys again and again.
    return partition_of(key, partitions)


async def _wait(number: int, began: float, due: float) -> None:
    ahead = began + due - time.monotonic()
    if ahead > AHEAD_SECONDS:
        await asyncio.sleep(ahead)
    elif number % BREATHE_EVERY == 0:
        await asyncio.sleep(0)


def _count(done: asyncio.Future[Any], topic: str, sent: Counter[str], refused: Counter[str]) -> None:
    if done.cancelled():
        refused["cancelled"] += 1
    elif (error := done.exception()) is not None:
        refused[type(error).__name__] += 1
    else:
        sent[topic] += 1
