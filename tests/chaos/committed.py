"""Everything that stands in some topics, as committed, in the order of each partition."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from app.engine.slim_records import WHOLE
from app.engine.topic_specs import PARTITIONS

_POLL_MS = 500
_POLL_RECORDS = 1_000
_FETCH_BYTES = 4 << 20


def reader(bootstrap: str) -> AIOKafkaConsumer:
    """A consumer without a group that sees what is committed, as aiokafka's parser makes it."""
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        key_deserializer=WHOLE,
        max_partition_fetch_bytes=_FETCH_BYTES,
    )


async def records(bootstrap: str, topics: Sequence[str]) -> AsyncIterator[tuple[TopicPartition, Any]]:
    """Every record up to the ends as of now."""
    consumer = reader(bootstrap)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS[topic])]
        async for found in up_to_the_ends(consumer, partitions):
            yield found
    finally:
        await consumer.stop()


async def up_to_the_ends(
    consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]
) -> AsyncIterator[tuple[TopicPartition, Any]]:
    """Assign these partitions and read them from the beginning."""
    consumer.assign(partitions)
    ends = await consumer.end_offsets(partitions)
    left = list(partitions)
    while left := [tp for tp in left if await consumer.position(tp) < ends[tp]]:
        for tp, batch in (await consumer.getmany(*left, timeout_ms=_POLL_MS, max_records=_POLL_RECORDS)).items():
            for record in batch:
                yield tp, record
            await asyncio.sleep(0)  # proxies in this loop have workers waiting for them
