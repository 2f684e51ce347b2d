"""The record batches of one commit on their way to Kafka, and which of them it does not take."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTopicError,
    KafkaConnectionError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from app.engine.committer import SendRefused
from app.engine.pending import Pending, Send
from app.engine.task import Task

Place = tuple[str, int]

#: What a broker says about one topic and not about the producer: everybody else's records are as good as ever.
_OF_ONE_TOPIC = (
    InvalidTopicError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
#: aiokafka sends to a deleted topic for ever: after this long without an answer it is looked for.
_LOOK_AFTER_S = 1.0
_NO_HEADERS: list[Any] = []


class Sent(NamedTuple):
    """A changelog batch on its way: its acknowledgement, and how many records it holds."""

    acknowledged: "asyncio.Future[Any]"
    records: int

    async def end(self) -> int:
        """The offset behind the batch."""
        return int((await self.acknowledged).offset) + self.records


class Sending:
    """Everything that one commit sends. All methods raise SendRefused with the topic partitions that take nothing."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._sent: dict[asyncio.Future[Any], Place] = {}

    async def changelog(self, task: Task, pending: Pending) -> Sent:
        """Queue a task's changes as one batch."""
        batch = self._producer.create_batch()
        records = pending.records()
        # Straight into the batch's buffer: the wrapper around it would cost as much again for every row.
        append, now = batch._builder.append, int(time.time() * 1000)
        for offset, (key, value) in enumerate(records):
            if append(offset, now, key, value, _NO_HEADERS) is None:
                place = task.changelog, task.partition
                raise SendRefused(f"{len(records)} changes of a partition don't fit one batch", {place})
        batch._relative_offset = len(records)
        return Sent(await self._send(batch, (task.changelog, task.partition)), len(records))

    async def outputs(self, sends: Iterable[Send]) -> None:
        """Queue outputs, retries and dead letters, in order for each partition."""
        by_place: dict[Place, list[Send]] = defaultdict(list)
        for send in sends:
            by_place[send.topic, send.partition].append(send)
        if not self._known(by_place):
            await self._look(by_place)
        for place, queued in by_place.items():
            batch = self._producer.create_batch()
            for send in queued:
                headers = list(send.headers)
                options = {"timestamp": send.timestamp, "key": send.key, "value": send.value, "headers": headers}
                if batch.append(**options) is None:
                    await self._send(batch, place)
                    batch = self._producer.create_batch()
                    batch.append(**options)
            await self._send(batch, place)

    async def _send(self, batch: Any, place: Place) -> "asyncio.Future[Any]":
        batch.close()  # nothing more is for it, so it doesn't linger
        sent: asyncio.Future[Any] = await self._producer.send_batch(batch, place[0], partition=place[1])
        # A failed commit drops its batches without looking at each one's error.
        sent.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._sent[sent] = place
        return sent

    async def arrived(self, *beside: "asyncio.Future[Any]") -> None:
        """Wait until all are in the log, and for what runs beside.

        aiokafka itself ends a transaction though some of its batches were refused.
        """
        waiting = {*self._sent, *beside}
        while waiting:
            done, waiting = await asyncio.wait(waiting, timeout=_LOOK_AFTER_S, return_when=asyncio.FIRST_EXCEPTION)
            for each in beside:
                if each in done and (error := each.exception()) is not None:
                    raise self._refused_by(error) or error
            errors = {self._sent[each]: error for each in done - {*beside} if (error := each.exception()) is not None}
            if errors and all(isinstance(error, _OF_ONE_TOPIC) for error in errors.values()):
                raise SendRefused(type(next(iter(errors.values()))).__name__, set(errors))
            for error in errors.values():
                raise error
            if waiting and not done:
                await self._look(self._sent.values())

    def _refused_by(self, error: BaseException) -> SendRefused | None:
        """What an error of the whole transaction means where it comes from some of the topics alone."""
        if not isinstance(error, TopicAuthorizationFailedError) or not error.args:
            return None
        topics = {error.args[0]} if isinstance(error.args[0], str) else set(error.args[0])
        return SendRefused(type(error).__name__, {place for place in self._sent.values() if place[0] in topics})

    def _known(self, places: Iterable[Place]) -> bool:
        partitions = self._producer.client.cluster.partitions_for_topic
        return all(partition in (partitions(topic) or ()) for topic, partition in places)

    async def _look(self, places: Iterable[Place]) -> None:
        """Ask the broker which topics there are; a producer would wait for one that is gone."""
        client, wanted = self._producer.client, set(places)
        for topic in {topic for topic, _partition in wanted}:
            client.add_topic(topic)
        if not await client.force_metadata_update():
            raise KafkaConnectionError("the topics can't be looked up")
        gone = {place for place in wanted if not self._known([place])}
        if gone:
            raise SendRefused("there is no such partition", gone)
