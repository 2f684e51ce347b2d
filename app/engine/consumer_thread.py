"""The thread that talks to the group and fetches records: Faust's, with our client options and our way to rebalance."""

from collections.abc import Iterable
from math import inf
from typing import Any

import aiokafka
from aiokafka import TopicPartition
from faust.transport.consumer import ensure_TPset
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from app.engine import coordinator
from app.engine.kip447 import Membership
from app.engine.slim_records import AS_PARSED, Fetched, begin_look

#: A fetch that waits at the broker holds back one that is about other partitions.
_FETCH_WAIT_MS = 50
_FETCH_BYTES_MAX = 1 << 20
_POLL_RECORDS_MAX = 4_000
#: How long one look for records waits: it does not see partitions that were started meanwhile.
_LOOK_S = 0.05


class RebalanceListener(aiokafka.abc.ConsumerRebalanceListener):  # type: ignore[misc]
    """Passes on to the engine's thread that the group moves and what came of it; nothing of Faust stops meanwhile."""

    def __init__(self, thread: "ConsumerThread") -> None:
        self._thread = thread

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """The group is about to make a new assignment."""
        await self._thread.on_partitions_revoked(ensure_TPset(revoked))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """The new assignment is in, and read already where it goes on."""
        await self._thread.on_partitions_assigned(ensure_TPset(assigned), self._thread.membership.generation)


class ConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """Knows this worker's place in the group, and from where each partition is read."""

    #: As of the last assignment. kept: nobody else can have owned since then what this worker owned before.
    membership = Membership(-1, "", None)
    kept = False

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
        """Start the client, with our coordinator."""
        await super().on_start()
        coordinator.install(self._ensure_consumer(), self._take_over)

    @property
    def last_contact(self) -> float:
        """Monotonic time at which the group surely knew this worker last."""
        if self._consumer is None:  # asked while the worker starts
            return -inf
        return float(getattr(self._consumer._coordinator, "contact", 0.0))

    def _take_over(self, assignment: Any) -> None:
        """Go on reading what was read before and stays; the rest waits until it is started at its state's position."""
        group, before = self._ensure_consumer()._coordinator, self.membership
        self.membership = Membership(group.generation, group.member_id, self.app.conf.consumer_group_instance_id)
        self._assignor.generation = group.generation
        # A generation in between may have given it to somebody else.
        is_next = self.membership.generation - before.generation in (0, 1)
        self.kept = is_next and self.membership.member_id == before.member_id
        reading = self._reading if self.kept else {}
        # Sorted: sets have another order in each process, and what is simulated is to be the same again.
        self._reading = {tp: reading[tp] for tp in sorted(ensure_TPset(assignment.tps)) if tp in reading}
        for tp in assignment.tps:
            state = assignment.state_value(tp)
            # A position for each, or aiokafka asks for all of them before it fetches anything.
            state.seek(self._reading.get(TP(*tp), 0))
            if TP(*tp) not in self._reading:
                state.pause()

    async def start_at(self, offsets: dict[TP, int]) -> None:
        """Seek to the state's positions and fetch from there; what is no longer assigned is left out."""
        consumer = self._ensure_consumer()
        for tp in sorted(ensure_TPset(consumer.assignment()) & offsets.keys()):
            # In this order: seeking wakes aiokafka's fetcher, resuming does not.
            consumer.resume(TopicPartition(*tp))
            consumer.seek(TopicPartition(*tp), offsets[tp])
            self._reading[tp] = offsets[tp]

    async def rejoin(self) -> None:
        """Have the group make a new assignment."""
        self._ensure_consumer()._coordinator.request_rejoin()

    async def leave(self) -> None:
        """Leave the group now; the others needn't wait for the session to time out, nor for the rest of this worker."""
        await self._ensure_consumer()._coordinator.close()

    async def _fetch_records(
        self,
        consumer: Any,
        active_partitions: Any,
        timeout: Any = None,  # noqa: ASYNC109 - Faust's own signature
        max_records: Any = None,
    ) -> Any:
        """Records by partition, each with the offsets they cover; transaction markers alone are covered by no
        records."""
        wait_s = 0 if begin_look() else min(timeout, _LOOK_S)
        found = await super()._fetch_records(consumer, active_partitions, wait_s, max_records)
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
