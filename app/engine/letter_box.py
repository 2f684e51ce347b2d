"""The dead letters of all sources: read from their topics, sent back, remembered as done in a topic of marks."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple, Self

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.structs import ConsumerRecord

from app.delivery.dead_letters import SUFFIX, Letter, read_headers
from app.engine.clients import stop
from app.engine.idempotent import IdempotentProducer
from app.engine.offsets import end_offsets
from app.engine.topic_specs import DEAD_LETTER_MARKS, LARGE_MESSAGE_BYTES, PARTITIONS
from app.settings import Refused

Progress = Callable[[int, int], None]
POLL_MS = 500
POLL_RECORDS = 500
LETTER_TOPICS = tuple(name for name in PARTITIONS if name.endswith(SUFFIX))


class LetterId(NamedTuple):
    """Where a letter lies, written `topic:partition:offset`."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.partition}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The id written in `text`; raises Refused when it is none."""
        topic, partition, offset = [*text.rsplit(":", 2), "", ""][:3]
        numbers = partition.isascii() and partition.isdigit() and offset.isascii() and offset.isdigit()
        if topic not in LETTER_TOPICS or not numbers or int(partition) >= PARTITIONS[topic] or len(offset) > 18:
            raise Refused(f"{text!r} is no letter's id; `dead-letters list` shows them: <topic>-dlt:partition:offset")
        return cls(topic, int(partition), int(offset))


class Found(NamedTuple):
    """A letter in its topic: what its headers say and the bytes it carries."""

    id: LetterId
    letter: Letter
    key: bytes | None
    value: bytes | None


class LetterBox:
    """Reads the dead letter topics up to their ends as of opening; use as an async context manager."""

    def __init__(self, options: dict[str, Any], admin: AIOKafkaAdminClient) -> None:
        self._options = options
        self._admin = admin
        self._consumer = AIOKafkaConsumer(
            **options, isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="earliest"
        )
        self._producer: IdempotentProducer | None = None
        self._done: set[LetterId] = set()

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        marks = [TopicPartition(DEAD_LETTER_MARKS, 0)]
        async for record in self._read(marks, _silent):
            if record.key is not None and record.value is not None:
                self._done.add(LetterId.parse(record.key.decode("utf-8", "replace")))
        return self

    async def __aexit__(self, *_: object) -> None:
        await stop(self._consumer)
        if self._producer is not None:
            await stop(self._producer)

    def is_done(self, id: LetterId) -> bool:
        """Whether the letter was replayed or discarded."""
        return id in self._done

    async def letters(self, topics: Sequence[str], progress: Progress) -> AsyncIterator[Found]:
        """The letters nobody has dealt with yet, partition by partition; progress gets records read and in all."""
        partitions = [TopicPartition(topic, n) for topic in topics for n in range(PARTITIONS[topic])]
        async for record in self._read(partitions, progress):
            found = _found(record)
            if found is not None and found.id not in self._done:
                yield found

    async def letter(self, id: LetterId) -> Found | None:
        """One letter, dealt with or not; None where none lies (any more)."""
        tp = TopicPartition(id.topic, id.partition)
        async for record in self._read([tp], _silent, start=id.offset):
            return _found(record) if record.offset == id.offset else None
        return None

    async def newest(self, count: int) -> AsyncIterator[Found]:
        """Up to `count` of the newest letters of each partition, done or not."""
        partitions = [TopicPartition(topic, n) for topic in LETTER_TOPICS for n in range(PARTITIONS[topic])]
        async for record in self._read(partitions, _silent, newest=count):
            if (found := _found(record)) is not None:
                yield found

    async def replay(self, found: Found) -> str | None:
        """Send the original bytes back to the original partition, then mark the letter; a refusal's reason."""
        if found.letter.truncated:
            return "its value was too large to be kept whole"
        if found.letter.topic + SUFFIX != found.id.topic:
            return "its headers name another source"
        producer = await self._started()
        to = {"topic": found.letter.topic, "partition": found.letter.partition}
        batch = producer.create_batch()  # a producer's send() refuses a record without key and value
        batch.append(timestamp=None, key=found.key, value=found.value, headers=[])
        try:
            await (await producer.send_batch(batch, **to))
        except MessageSizeTooLargeError:
            return f"it is larger than {found.letter.topic} takes (max.message.bytes)"
        await self._mark(found.id, "replayed")
        return None

    async def discard(self, found: Found) -> None:
        """Mark the letter as nothing to do."""
        await self._mark(found.id, "discarded")

    async def _mark(self, id: LetterId, how: str) -> None:
        producer = await self._started()
        await producer.send_and_wait(DEAD_LETTER_MARKS, orjson.dumps({"done": how}), key=str(id).encode(), partition=0)
        self._done.add(id)

    async def _started(self) -> IdempotentProducer:
        if self._producer is None:
            self._producer = IdempotentProducer(**self._options, linger_ms=0, max_request_size=LARGE_MESSAGE_BYTES)
            await self._producer.start()
        return self._producer

    async def _read(
        self,
        partitions: Sequence[TopicPartition],
        progress: Progress,
        *,
        start: int | None = None,
        newest: int | None = None,
    ) -> AsyncIterator[ConsumerRecord]:
        consumer, count = self._consumer, 0
        ends = await end_offsets(self._admin, consumer, partitions)
        consumer.assign(partitions)
        starts = await consumer.beginning_offsets(partitions)
        if start is not None:
            starts = {tp: max(start, first) for tp, first in starts.items()}
        if newest is not None:
            starts = {tp: max(ends[tp] - newest, first) for tp, first in starts.items()}
        for tp, first in starts.items():
            consumer.seek(tp, first)
        total = sum(max(0, ends[tp] - starts[tp]) for tp in partitions)
        left = {tp for tp in partitions if starts[tp] < ends[tp]}
        while left:
            for records in (await consumer.getmany(*left, timeout_ms=POLL_MS, max_records=POLL_RECORDS)).values():
                for record in records:
                    yield record
                count += len(records)
                progress(count, total)
            left = {tp for tp in left if await consumer.position(tp) < ends[tp]}


def _silent(_count: int, _total: int) -> None:
    """No progress to be shown: a read of a moment."""


def _found(record: ConsumerRecord) -> Found | None:
    letter = read_headers(record.headers)
    id = LetterId(record.topic, record.partition, record.offset)
    return None if letter is None else Found(id, letter, record.key, record.value)
