"""How far the topics go: first and end offsets of all sources and the group's committed ones, looked up each second."""

from time import monotonic
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from mode import Service

from app.engine.clients import start_all, stop_all
from app.engine.group import GROUPS, INTERNAL_SOURCES
from app.engine.lasting import lasting
from app.engine.offsets import end_offsets

_INTERVAL_S = 1.0

Offsets = dict[tuple[str, int], int]


class OffsetWatch(Service):  # type: ignore[misc]
    """Offsets by (topic, partition), at most a second or so old; end offsets are the last stable ones.

    log_ends are the ends as others see them, open transactions included; claimed is what the group has committed, of
    our own topics too.
    """

    def __init__(self, engine: Any, **options: Any) -> None:
        super().__init__(**options)
        self.engine = engine
        self.start_offsets: Offsets = {}
        self.end_offsets: Offsets = {}
        self.group_offsets: Offsets = {}
        self.log_ends: Offsets = {}
        self.claimed: Offsets = {}
        #: Since when (monotonic) a stable offset has stood still short of its log's end, and where.
        self._stalled: dict[tuple[str, int], tuple[int, float]] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._log: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None
        self._partitions = [
            TopicPartition(topic, partition)
            for group in GROUPS
            for topic in group.sources
            for partition in range(group.partitions)
        ]

    @Service.task
    @lasting
    async def _watch(self) -> None:
        while not self.should_stop:
            try:
                await self._look()
            except KafkaError as error:
                self.log.debug("Offsets can't be looked up: %s", type(error).__name__)
                await self._close()
            await self.sleep(_INTERVAL_S)

    async def _look(self) -> None:
        if self._consumer is None or self._log is None or self._admin is None:
            options = self.engine.client_options()
            consumer = AIOKafkaConsumer(**options, isolation_level="read_committed", enable_auto_commit=False)
            log = AIOKafkaConsumer(**options, enable_auto_commit=False)
            admin = AIOKafkaAdminClient(**options)
            await start_all(consumer, log, admin)
            self._consumer, self._log, self._admin = consumer, log, admin
        # Names of its own: the worker may end, and let go of the clients, in the middle of a look.
        consumer, log, admin = self._consumer, self._log, self._admin
        self.end_offsets = _plain(await end_offsets(admin, consumer, self._partitions))
        self.start_offsets = _plain(await consumer.beginning_offsets(self._partitions))
        committed = await admin.list_consumer_group_offsets(self.engine.app.conf.id, partitions=self._partitions)
        self.claimed = {(tp.topic, tp.partition): at.offset for tp, at in committed.items()}
        self.group_offsets = {place: at for place, at in self.claimed.items() if place[0] not in INTERNAL_SOURCES}
        # After what is committed, so that no lag is below 0.
        self.log_ends = _plain(await end_offsets(admin, log, self._partitions))
        self._note_stalled(monotonic())

    def _note_stalled(self, now: float) -> None:
        behind = {place: at for place, at in self.end_offsets.items() if at < self.log_ends.get(place, 0)}
        before = self._stalled
        self._stalled = {
            place: before[place] if before.get(place, (None, now))[0] == at else (at, now)
            for place, at in behind.items()
        }

    def stalled_s(self, topic: str, partition: int) -> float:
        """How long the last stable offset has not moved though the log goes on behind it; 0 where it is at the end."""
        found = self._stalled.get((topic, partition))
        return monotonic() - found[1] if found is not None else 0.0

    def lag(self, topic: str, partition: int, *, stable: bool = False) -> int:
        """Records behind the end of the log, or behind the last stable offset, as the group has committed.

        Where it has committed nothing, all there is counts.
        """
        place = topic, partition
        end = (self.end_offsets if stable else self.log_ends).get(place, 0)
        return max(0, end - max(self.claimed.get(place, 0), self.start_offsets.get(place, 0)))

    async def latest_end(self, topic: str, partition: int) -> int:
        """The last stable offset as the broker says it now; raises KafkaError when it can't be had."""
        if self._consumer is None or self._admin is None:
            raise KafkaError("not connected yet")
        tp = TopicPartition(topic, partition)
        return (await end_offsets(self._admin, self._consumer, [tp]))[tp]

    async def _close(self) -> None:
        clients = (self._consumer, self._log, self._admin)
        self._consumer = self._log = self._admin = None
        await stop_all(*[client for client in clients if client is not None])

    async def on_stop(self) -> None:
        """Close the clients."""
        await self._close()


def _plain(found: dict[TopicPartition, int]) -> Offsets:
    return {(tp.topic, tp.partition): offset for tp, offset in found.items()}
