"""What stands in Kafka: source records, dead letters, payment-completed records, and how far the group is."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from app.engine.group import RETRIES
from app.engine.topic_specs import PARTITIONS, RESERVATIONS
from app.simulator.reference.avro import decode_record
from app.simulator.reference.payments import UNMATCHED, Completed
from app.simulator.reference.record import LogRecord
from app.simulator.reference.shapes import BY_ID

SOURCES = ("inventory-events", "booking-events", "payment-events")
COMPLETED_TOPIC = "payment-completed"
COMPLETED_ID = b"\0\0\0\0\5"
GROUP = "stayshelf"


class Letter(NamedTuple):
    """A dead letter as it stands in its topic, headers as text."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, str], ...]


class Sent(NamedTuple):
    """A payment-completed record as it stands in its topic."""

    partition: int
    key: bytes | None
    completed: Completed


async def source_log(bootstrap: str) -> list[LogRecord]:
    """Every source record, in the order of its partition."""
    found = [record async for record in _read(bootstrap, SOURCES)]
    return [LogRecord(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value) for r in found]


async def records_of(bootstrap: str, topics: Iterable[str]) -> list[Any]:
    """Every record of some topics, as the client gives it."""
    return [record async for record in _read(bootstrap, topics)]


async def dead_letters(bootstrap: str) -> list[Letter]:
    """Every dead letter there is."""
    return [
        Letter(r.topic, r.partition, r.key, r.value, tuple((name, value.decode()) for name, value in r.headers))
        async for r in _read(bootstrap, [f"{topic}-dlt" for topic in SOURCES])
    ]


async def expired_refunds(bootstrap: str) -> set[tuple[str, int, int]]:
    """Topic, partition and offset of every refund that waited in vain for its payment to complete."""
    said = [dict(letter.headers) for letter in await dead_letters(bootstrap)]
    return {
        (each["dlt-topic"], int(each["dlt-partition"]), int(each["dlt-offset"]))
        for each in said
        if each["dlt-reason"] == UNMATCHED
    }


async def completed_records(bootstrap: str) -> list[Sent]:
    """Every payment-completed record there is."""
    return [Sent(r.partition, r.key, _completed(r.value)) async for r in _read(bootstrap, [COMPLETED_TOPIC])]


def _completed(value: bytes) -> Completed:
    assert value[:5] == COMPLETED_ID
    return Completed(*(value for _type, value in decode_record(value[5:], BY_ID[5]).values()))


async def _read(bootstrap: str, topics: Iterable[str]) -> AsyncIterator[Any]:
    consumer = _consumer(bootstrap)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS[topic])]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(tp) < ends[tp] for tp in partitions]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                for record in batch:
                    yield record
    finally:
        await consumer.stop()


def _consumer(bootstrap: str, **options: Any) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=8 * 1024 * 1024,
        **options,
    )


class Progress:
    """How far the group is: records it has not committed yet, reservations and retries included.

    Use as a context manager."""

    def __init__(self, bootstrap: str) -> None:
        topics = (*SOURCES, RESERVATIONS, *RETRIES)
        self._bootstrap = bootstrap
        self._partitions = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS[topic])]
        self._next: dict[TopicPartition, int] = defaultdict(int)

    async def __aenter__(self) -> "Progress":
        self._reader = _consumer(self._bootstrap)
        self._group = _consumer(self._bootstrap, group_id=GROUP)
        await self._reader.start()
        await self._group.start()
        self._reader.assign(self._partitions)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._reader.stop()
        await self._group.stop()

    async def lag(self) -> dict[str, int]:
        """Records behind, by topic; topics without lag are left out."""
        behind: dict[str, int] = defaultdict(int)
        for (topic, _partition), records in (await self.waiting()).items():
            behind[topic] += records
        return dict(behind)

    async def waiting(self) -> dict[tuple[str, int], int]:
        """Records behind, by topic and partition; partitions without lag are left out."""
        # In this order: what is done with a record in between may have made another one in another topic.
        committed = {tp: await self._group.committed(tp) or 0 for tp in self._partitions}
        await self._read_on()
        behind = {(tp.topic, tp.partition): self._next[tp] - offset for tp, offset in committed.items()}
        return {each: records for each, records in behind.items() if records > 0}

    async def _read_on(self) -> None:
        # The end of a topic written in transactions is a marker, which nobody commits: the last record counts.
        ends = await self._reader.end_offsets(self._partitions)
        while any([await self._reader.position(tp) < ends[tp] for tp in self._partitions]):
            for tp, batch in (await self._reader.getmany(timeout_ms=200)).items():
                self._next[tp] = batch[-1].offset + 1

    async def until_applied(self, within: float) -> None:
        """Wait until nothing is behind; fails with the lag where that takes longer."""
        behind: dict[str, int] = {}
        try:
            async with asyncio.timeout(within):
                while behind := await self.lag():  # noqa: ASYNC110 - the broker tells nobody
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(f"still behind after {within:.0f} s: {behind}") from None
