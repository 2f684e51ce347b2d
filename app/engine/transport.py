"""The Faust transport driver `stayshelf://`: whole record lists instead of single messages, and no offsets of
Faust's own.

Faust's consumer thread, fetcher service and conductor stay in use. The consumer hands each partition's records to
the stream as one unit; committing is app.engine.committer's alone, so Faust's ack and commit bookkeeping is
switched off here.
"""

import asyncio
from time import monotonic
from typing import Any

import aiokafka
from aiokafka import TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from mode import Service

from app.engine.decode.registry import RegistryUnavailable
from app.engine.group import GROUP_OF_SOURCE, RETRIES
from app.engine.kip447 import Membership
from app.engine.pauses import Pauses
from app.engine.retry_unit import unit_of
from app.engine.slim_records import AS_PARSED, Fetched
from app.engine.stops import REGISTRY
from app.engine.unit import Unit

_FETCH_WAIT_MS = 500
_FETCH_BYTES_MAX = 1 << 20
_POLL_RECORDS_MAX = 4_000


class RebalanceListener(driver.ConsumerRebalanceListener):  # type: ignore[misc]
    """Pauses what was assigned before anything of it is fetched: each partition starts when its state is restored."""

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Pause, then do as Faust does."""
        consumer = self._thread._ensure_consumer()
        consumer.pause(*assigned)
        await super().on_partitions_assigned(assigned)


class ConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """Faust's consumer thread with our client options, and the time of the last sign of life from the group."""

    last_contact = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        #: Where the next records of a partition begin; only ever touched in this thread, together with aiokafka's
        #: position.
        self._reading: dict[TP, int] = {}

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        conf, engine = self.app.conf, self.app.engine
        self._assignor = self.app.assignor
        return aiokafka.AIOKafkaConsumer(
            **engine.client_options(),
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            key_deserializer=AS_PARSED,
            max_poll_records=_POLL_RECORDS_MAX,
            max_poll_interval_ms=24 * 60 * 60 * 1000,
            max_partition_fetch_bytes=_FETCH_BYTES_MAX,
            fetch_max_wait_ms=_FETCH_WAIT_MS,
            retry_backoff_ms=100,
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            metadata_max_age_ms=30_000,
        )

    async def on_start(self) -> None:
        """Start the client, and note each heartbeat that is answered."""
        await super().on_start()
        coordinator = self._ensure_consumer()._coordinator
        heartbeat = coordinator._do_heartbeat

        async def noted_heartbeat() -> bool:
            alive = bool(await heartbeat())
            if alive:
                self.last_contact = monotonic()
            return alive

        coordinator._do_heartbeat = noted_heartbeat

    async def membership(self) -> Membership:
        """This worker's place in the group, for fencing."""
        coordinator = self._ensure_consumer()._coordinator
        self.last_contact = monotonic()
        return Membership(coordinator.generation, coordinator.member_id, self.app.conf.consumer_group_instance_id)

    async def start_at(self, offsets: dict[TP, int]) -> None:
        """Seek to the state's positions and fetch from there."""
        consumer = self._ensure_consumer()
        # In this order: seeking wakes aiokafka's fetcher, resuming does not.
        consumer.resume(*[TopicPartition(*tp) for tp in offsets])
        for tp, offset in offsets.items():
            consumer.seek(TopicPartition(*tp), offset)
            self._reading[tp] = offset

    async def _fetch_records(
        self,
        consumer: Any,
        active_partitions: Any,
        timeout: Any = None,  # noqa: ASYNC109 - Faust's own signature
        max_records: Any = None,
    ) -> Any:
        """Records by partition, with the offsets they cover; transaction markers alone are covered by no records."""
        found = await super()._fetch_records(consumer, active_partitions, timeout, max_records)
        fetched: dict[TP, Fetched] = {}
        for tp, start in self._reading.items():
            stop = self._position(consumer, tp) if tp in active_partitions else start
            if stop > start:
                fetched[tp] = Fetched(start, stop, found.get(tp, []))
                self._reading[tp] = stop
        return fetched

    def _position(self, consumer: Any, tp: TP) -> int:
        """Where aiokafka reads next; before everything while it does not know."""
        assignment = consumer._subscription.subscription.assignment
        state = assignment.state_value(tp) if tp in assignment.tps else None
        return state.position if state is not None and state.has_valid_position else -1


class Consumer(driver.Consumer):  # type: ignore[misc]
    """Delivers units; keeps no acks, commits nothing itself."""

    RebalanceListener = RebalanceListener

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.engine = self.app.engine
        self.pauses = Pauses(self)

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def start_at(self, offsets: dict[TP, int]) -> None:
        """Begin or go on reading source partitions at the positions their state has."""
        for tp in offsets:
            self.pauses.drop(tp)
        await self._thread.call_thread(self._thread.start_at, offsets)
        self.resume_partitions(set(offsets))

    async def membership(self) -> Membership:
        """Generation and member id as of now."""
        found: Membership = await self._thread.call_thread(self._thread.membership)
        return found

    async def commit_offsets(self, offsets: Any) -> None:
        """Commit source offsets outside any transaction."""
        await self._thread.call_thread(self._thread._ensure_consumer().commit, offsets)

    @property
    def last_contact(self) -> float:
        """Monotonic time of the group's last answer."""
        return float(self._thread.last_contact)

    async def _drain_messages(self, fetcher: Any) -> None:
        while not (self.should_stop or fetcher.should_stop):
            await self._close_gaps()
            try:
                found, active = await self._wait_next_records(1.0)
            except aiokafka.errors.ConsumerStoppedError:
                return
            for tp, fetched in (found or {}).items():
                if self.flow_active and tp in (active or ()):
                    await self._deliver(tp, fetched)
            await asyncio.sleep(0)

    async def _close_gaps(self) -> None:
        """Read again what a unit that was never finished has skipped: one that failed, or was dropped from a queue."""
        for task in self.engine.tasks.active():
            while task.gaps and self.flow_active:
                topic = task.gaps.pop()
                offset = task.reached(topic).next_offset
                self.log.warning("%s-%d is read again from offset %d", topic, task.partition, offset)
                await self.start_at({TP(topic, task.partition): offset})

    @Service.task
    async def _end_pauses(self) -> None:
        await self.wait_first(self.pauses.end_each(), self._stopped.wait())

    async def _deliver(self, tp: TP, fetched: Fetched) -> None:
        task = self.engine.tasks.get(GROUP_OF_SOURCE[tp.topic].name, tp.partition)
        if task is None:
            return
        if tp.topic in RETRIES:
            fetched = self.pauses.due_part(tp, fetched)
        committer, stops, reached = self.engine.committer, self.engine.stops, fetched.start
        try:
            for read in self.engine.intake.read(tp.topic, *fetched, partition=tp.partition):
                await committer.room_for(task)
                message = self._message(tp, unit_of(task, read, committer.finished), read.stop - 1)
                await self.wait_first(self.callback(message), self.suspend_flow.wait())
                if not self.flow_active:
                    return
                reached = read.stop
        except RegistryUnavailable:
            self.pauses.hold(tp, reached, stops.again(tp, REGISTRY))
        else:
            stops.over(tp, REGISTRY)

    def _message(self, tp: TP, unit: Unit, offset: int) -> ConsumerMessage:
        return ConsumerMessage(
            tp.topic, tp.partition, offset, 0.0, 0, (), None, unit, None, 0, 0, tp,
            generation_id=self.app.consumer_generation_id,
        )  # fmt: skip

    async def perform_seek(self) -> None:
        """Positions come from the state, never from the group."""

    def ack(self, message: Any) -> bool:
        """A unit finishes itself; there is nothing to remember."""
        return True

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Commit what is finished."""
        await self.engine.committer.commit()
        return True

    async def wait_empty(self) -> None:
        """Commit finished units before partitions move; units in queues are dropped and read again."""
        await self.engine.release()

    async def on_stop(self) -> None:
        """As before any move: commit what is finished."""
        await self.engine.release()

    @Service.task
    async def _commit_handler(self) -> None:
        """Faust's commit timer: app.engine.committer has its own loop."""

    @Service.task
    async def _commit_livelock_detector(self) -> None:
        """Faust's detector looks at bookkeeping that is not kept here."""


class Transport(driver.Transport):  # type: ignore[misc]
    """`stayshelf://`: Kafka by aiokafka, in batches."""

    Consumer = Consumer
    driver_version = f"stayshelf, aiokafka={aiokafka.__version__}"
