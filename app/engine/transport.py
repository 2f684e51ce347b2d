"""The Faust transport driver `stayshelf://`: whole record lists instead of single messages, and no offsets of
Faust's own.

Faust's consumer thread, fetcher service and conductor stay in use. The consumer hands each partition's records to
the stream as one unit; committing is app.engine.committer's alone, so Faust's ack and commit bookkeeping is
switched off here.
"""

import asyncio
from typing import Any

import aiokafka
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from mode import Service

from app.engine.consumer_thread import ConsumerThread, RebalanceListener
from app.engine.decode.registry import RegistryUnavailable, SlowRecord
from app.engine.group import GROUP_BY_NAME, GROUP_OF_SOURCE, RETRIES
from app.engine.lasting import lasting
from app.engine.pauses import Pause, Pauses
from app.engine.retry_unit import unit_of
from app.engine.slim_records import Fetched
from app.engine.stops import REGISTRY
from app.engine.unit import Unit

_LEAVE_TIMEOUT_S = 2.0
#: How long a large record may take before its partition is read again.
_SLOW_READ_S = 120.0


class Consumer(driver.Consumer):  # type: ignore[misc]
    """Delivers units; keeps no acks, commits nothing itself."""

    RebalanceListener = RebalanceListener

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.engine = self.app.engine
        self.pauses = Pauses(self)
        self._begun = asyncio.Event()

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def start_at(self, offsets: dict[TP, int]) -> None:
        """Begin or go on reading source partitions at the positions their state has."""
        for tp in offsets:
            self.pauses.drop(tp)
        await self._thread.call_thread(self._thread.start_at, offsets)
        self.resume_partitions(set(offsets))
        self._begun.set()

    async def rejoin(self) -> None:
        """Have the group make a new assignment: what this worker holds has changed."""
        await self._thread.call_thread(self._thread.rejoin)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """The group is about to move partitions: which ones, nobody knows yet, so all go on."""
        if not self.app.should_stop:
            await self.engine.move()

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Stop what was lost, go on with what stayed, and let restore start what is new."""
        app, thread = self.app, self._thread
        if app.should_stop:
            return
        self.engine.moved(thread.membership, app.assignor.plan, kept=thread.kept)
        started = {
            TP(topic, task.partition)
            for task in self.engine.tasks.active()
            for topic in GROUP_BY_NAME[task.group].sources
        }
        self.engine.stops.keep(started)
        # A partition whose queue is full stays out until there is room, and one that waits until its time has come.
        self._buffered_partitions &= started
        self._paused_partitions = assigned - started | self.pauses.keep(started)
        self._set_active_tps(started - self._buffered_partitions)
        revoked, newly_assigned = app._update_assignment(assigned)
        await app.topics.maybe_wait_for_subscriptions()
        await app.topics.on_partitions_assigned(assigned)
        await app.tables.on_rebalance(assigned, revoked, newly_assigned, generation_id)

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
                await self._deliver_all(*await self._wait_next_records(1.0))
            except aiokafka.errors.ConsumerStoppedError:
                return
            await asyncio.sleep(0)

    async def _deliver_all(self, found: dict[TP, Fetched] | None, active: Any) -> None:
        for tp, fetched in (found or {}).items():
            if self.flow_active and tp in (active or ()):
                await self._deliver(tp, fetched)

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's own signature
        """As Faust's, without its second of sleep when nothing is started yet."""
        if not self._get_active_partitions():
            self._begun.clear()
            await self.wait_first(self._begun.wait(), self._stopped.wait(), timeout=timeout)
            if not self._get_active_partitions():
                return {}, set()
        return await super()._wait_next_records(timeout)

    async def _close_gaps(self) -> None:
        """Read again what a unit that was never finished has skipped: one that failed, or was dropped from a queue."""
        for task in self.engine.tasks.active():
            while task.gaps and self.flow_active:
                topic = task.gaps.pop()
                offset = task.reached(topic).next_offset
                self.log.warning("%s-%d is read again from offset %d", topic, task.partition, offset)
                await self.start_at({TP(topic, task.partition): offset})

    @Service.task
    @lasting
    async def _end_pauses(self) -> None:
        await self.wait_first(self.pauses.end_each(), self._stopped.wait())

    async def _deliver(self, tp: TP, fetched: Fetched) -> bool:
        """Whether all of it was handed on."""
        task = self.engine.tasks.get(GROUP_OF_SOURCE[tp.topic].name, tp.partition)
        if task is None:
            return False
        if tp.topic in RETRIES:
            fetched = self.pauses.due_part(tp, fetched)
        committer, stops, reached = self.engine.committer, self.engine.stops, fetched.start
        try:
            for read in self.engine.intake.read(tp.topic, *fetched, partition=tp.partition):
                await committer.room_for(task)
                message = self._message(tp, unit_of(task, read, committer.finished), read.stop - 1)
                await self.wait_first(self.callback(message), self.suspend_flow.wait())
                if not self.flow_active:
                    return False
                reached = read.stop
        except RegistryUnavailable:
            self.pauses.hold(tp, reached, stops.again(tp, REGISTRY))
        except SlowRecord as slow:
            left = [record for record in fetched.records if record.offset >= reached]
            pause = self.pauses.hold(tp, reached, _SLOW_READ_S)
            self.add_future(self._go_on_beside(slow, tp, Fetched(reached, fetched.stop, left), pause))
        else:
            stops.over(tp, REGISTRY)
            return True
        return False

    async def _go_on_beside(self, slow: SlowRecord, tp: TP, rest: Fetched, pause: Pause) -> None:
        """Read a record that takes long, the first of these, while other partitions go on; then the others.

        A partition that has moved meanwhile, or is read from elsewhere, has no such pause any more.
        """
        await self.engine.intake.read_beside(slow, tp, rest.records[0].offset)
        holds = self.pauses.holds
        if self.flow_active and holds(tp, pause) and await self._deliver(tp, rest) and holds(tp, pause):
            self.pauses.hold(tp, rest.stop, 0.0)

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
        """The worker ends: commit finished units, then leave the group at once; the rest of the end takes its time."""
        await self.engine.release()
        try:
            await asyncio.wait_for(self._thread.call_thread(self._thread.leave), _LEAVE_TIMEOUT_S)
        except TimeoutError:
            self.log.warning("The group could not be left in time; it will notice")

    async def on_stop(self) -> None:
        """Commit what is finished."""
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
