"""A reader that only believes what is committed, and reads on while faults happen: what it was shown once must stay."""

import asyncio
from array import array
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import xxhash
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from app.engine.topic_specs import PARTITIONS
from tests.chaos.committed import reader

_POLL_MS = 500
_POLL_RECORDS = 20_000


def digest(record: Any) -> int:
    """Of a record's key, value and headers; 64 bits."""
    parts = [record.key, record.value]
    for name, value in record.headers:
        parts += (name.encode(), value)
    return xxhash.xxh3_64_intdigest(b"".join(b"-" if p is None else len(p).to_bytes(4, "big") + p for p in parts))


class Shown:
    """Records in the order they were shown, by partition: offsets and digests."""

    def __init__(self) -> None:
        self.offsets: dict[TopicPartition, array[int]] = defaultdict(lambda: array("q"))
        self.digests: dict[TopicPartition, array[int]] = defaultdict(lambda: array("Q"))

    def add(self, tp: TopicPartition, record: Any) -> None:
        """The next record of a partition."""
        self.offsets[tp].append(record.offset)
        self.digests[tp].append(digest(record))

    def differences(self, final: "Shown") -> list[str]:
        """Whether it is the beginning of what stands there afterwards, record by record."""
        found = []
        for tp, offsets in self.offsets.items():
            pairs = list(zip(offsets, self.digests[tp], strict=True))
            last = zip(final.offsets[tp], final.digests[tp], strict=True)
            for number, (pair, after) in enumerate(zip(pairs, last, strict=False)):
                if pair != after:
                    found.append(f"{tp.topic}-{tp.partition}: record {number} was {pair}, and is {after} afterwards")
                    break
            if len(pairs) > len(final.offsets[tp]):
                found.append(
                    f"{tp.topic}-{tp.partition}: {len(pairs)} records were shown, {len(final.offsets[tp])} are"
                )
        return found


class Watch:
    """Reads topics as committed until the block ends. Use as an async context manager."""

    def __init__(self, bootstrap: str, topics: Sequence[str]) -> None:
        self._consumer = reader(bootstrap)
        self._partitions = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS[topic])]
        self.shown = Shown()

    async def __aenter__(self) -> "Watch":
        await self._consumer.start()
        self._consumer.assign(self._partitions)
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._consumer.stop()

    async def _read(self) -> None:
        while True:
            try:
                found = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=_POLL_RECORDS)
            except KafkaError:
                await asyncio.sleep(0.5)  # a broker is away: what it has shown stays noted
                continue
            for tp, records in found.items():
                for record in records:
                    self.shown.add(tp, record)
                await asyncio.sleep(0)
