"""Reads stretches of topics as committed, one partition after another."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import ConsumerRecord

from app.engine.clients import stop
from app.engine.offsets import end_offsets
from app.engine.topic_specs import PARTITIONS
from app.settings import Refused

POLL_MS = 500
POLL_RECORDS = 5_000
PATIENCE_SECONDS = 60.0


class Bounds(NamedTuple):
    """First offset that is still there, and the end of what is committed."""

    first: int
    end: int


class Reader:
    """A consumer without a group; `advance` is told the number of offsets passed. Use as an async context manager."""

    def __init__(self, options: dict[str, Any], admin: AIOKafkaAdminClient, *, advance: Callable[[int], None]) -> None:
        self._admin = admin
        self._advance = advance
        self._consumer = AIOKafkaConsumer(
            **options, isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="earliest"
        )

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await stop(self._consumer)

    async def bounds(self, topics: Sequence[str]) -> dict[tuple[str, int], Bounds]:
        """Bounds by (topic, partition), as they are now."""
        partitions = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS[topic])]
        ends = await end_offsets(self._admin, self._consumer, partitions)
        firsts = await self._consumer.beginning_offsets(partitions)
        return {(tp.topic, tp.partition): Bounds(firsts[tp], ends[tp]) for tp in partitions}

    async def records(self, topic: str, partition: int, bounds: Bounds) -> AsyncIterator[ConsumerRecord]:
        """Every record within the bounds; raises Refused where the broker gives none for a minute."""
        tp, passed = TopicPartition(topic, partition), bounds.first
        if bounds.first >= bounds.end:
            return
        self._consumer.assign([tp])
        self._consumer.seek(tp, bounds.first)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while passed < bounds.end:
            found = await self._consumer.getmany(tp, timeout_ms=POLL_MS, max_records=POLL_RECORDS)
            for record in found.get(tp, ()):
                if record.offset < bounds.end:
                    yield record
            position = min(await self._consumer.position(tp), bounds.end)
            if position > passed:
                deadline = time.monotonic() + PATIENCE_SECONDS
                self._advance(position - passed)
            elif time.monotonic() > deadline:
                raise Refused(f"the broker gives no records of {topic}, partition {partition}, from offset {passed} on")
            passed = position
