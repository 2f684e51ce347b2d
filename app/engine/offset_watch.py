"""How far the topics go: first and end offsets of all sources and the group's committed ones, looked up each second."""

from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from mode import Service

from app.engine.clients import start_all, stop_all
from app.engine.group import GROUPS, INTERNAL_SOURCES
from app.engine.offsets import end_offsets

_INTERVAL_S = 1.0

Offsets = dict[tuple[str, int], int]


class OffsetWatch(Service):  # type: ignore[misc]
    """Offsets by (topic, partition), at most a second or so old; end offsets are the last stable ones."""

    def __init__(self, engine: Any, **options: Any) -> None:
        super().__init__(**options)
        self.engine = engine
        self.start_offsets: Offsets = {}
        self.end_offsets: Offsets = {}
        self.group_offsets: Offsets = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None
        self._partitions = [
            TopicPartition(topic, partition)
            for group in GROUPS
            for topic in group.sources
            for partition in range(group.partitions)
        ]

    @Service.task
    async def _watch(self) -> None:
        while not self.should_stop:
            try:
                await self._look()
            except KafkaError as error:
                self.log.debug("Offsets can't be looked up: %s", type(error).__name__)
                await self._close()
            await self.sleep(_INTERVAL_S)

    async def _look(self) -> None:
        if self._consumer is None or self._admin is None:
            options = self.engine.client_options()
            consumer = AIOKafkaConsumer(**options, isolation_level="read_committed", enable_auto_commit=False)
            admin = AIOKafkaAdminClient(**options)
            await start_all(consumer, admin)
            self._consumer, self._admin = consumer, admin
        self.end_offsets = _plain(await end_offsets(self._admin, self._consumer, self._partitions))
        self.start_offsets = _plain(await self._consumer.beginning_offsets(self._partitions))
        committed = await self._admin.list_consumer_group_offsets(self.engine.app.conf.id, partitions=self._partitions)
        self.group_offsets = {
            (tp.topic, tp.partition): at.offset for tp, at in committed.items() if tp.topic not in INTERNAL_SOURCES
        }

    async def latest_end(self, topic: str, partition: int) -> int:
        """The last stable offset as the broker says it now; raises KafkaError when it can't be had."""
        if self._consumer is None or self._admin is None:
            raise KafkaError("not connected yet")
        tp = TopicPartition(topic, partition)
        return (await end_offsets(self._admin, self._consumer, [tp]))[tp]

    async def _close(self) -> None:
        consumer, admin, self._consumer, self._admin = self._consumer, self._admin, None, None
        await stop_all(*[client for client in (consumer, admin) if client is not None])

    async def on_stop(self) -> None:
        """Close the clients."""
        await self._close()


def _plain(found: dict[TopicPartition, int]) -> Offsets:
    return {(tp.topic, tp.partition): offset for tp, offset in found.items()}
