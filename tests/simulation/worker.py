"""A worker of the simulation: the engine as it is shipped, on a small stand-in for the Faust App around it."""

import asyncio
import traceback
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from aiokafka.errors import KafkaConnectionError
from faust.types import TP
from mode import Service
from mode.utils.queues import FlowControlEvent, FlowControlQueue

from agents.bookings import bookings
from agents.inventory import inventory
from agents.payments import payments
from agents.reservations import reservations
from app.delivery.retries import retry_topics
from app.engine.assignor import NO_PLAN, Claim
from app.engine.consumer_thread import ConsumerThread
from app.engine.decode.registry import BundledRegistry
from app.engine.engine import Engine
from app.engine.group import GROUP_BY_NAME
from app.engine.intake import decoders
from app.engine.pauses import Pauses
from app.engine.restore import Restore
from app.engine.transport import Consumer
from app.settings import Settings
from tests.app.engine.opened import TABLES
from tests.simulation.clients import Line, SourceConsumer
from tests.simulation.group import NONE, REBALANCE_IN_PROGRESS
from tests.simulation.network import Heartbeat, Join, Leave
from tests.simulation.traffic import TASKS
from tests.simulation.virtual_time import Process

AGENTS = {
    "inventory": (inventory, "inventory-events"),
    "bookings": (bookings, "booking-events"),
    "payments": (payments, "payment-events", *retry_topics("payment-events")),
    "reservations": (reservations, "stayshelf-reservations"),
}
HEARTBEAT_S = 0.25
QUEUE_UNITS = 16
#: How often an agent is busy before it takes the next unit.
BUSY = 0.2
DECODERS = decoders(BundledRegistry())


class Silent:
    """Metrics nobody looks at."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_values: None


class Thread(ConsumerThread):
    """Faust's consumer thread without a thread."""

    def __init__(self, consumer: "Sources", line: Line) -> None:
        self.consumer, self.app = consumer, consumer.app
        self.client = SourceConsumer(line)
        self._reading: dict[TP, int] = {}
        self._assignor = self.app.assignor
        self.client._coordinator.request_rejoin = self.app.rejoin.set
        self.client._coordinator.close = self.app.leave_group

    def _ensure_consumer(self) -> SourceConsumer:
        return self.client

    async def call_thread(self, call: Any, *values: Any) -> Any:
        await asyncio.sleep(0)
        return await call(*values)

    async def getmany(self, active_partitions: Any, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's own signature
        """One fetch."""
        client = self.client
        return await self._fetch_records(client, active_partitions, timeout, max_records=client._max_poll_records)


class Sources(Consumer):
    """The engine's consumer, with a group membership that the simulation keeps."""

    def __init__(self, app: "App", line: Line) -> None:
        Service.__init__(self)
        self.app, self.engine, self.callback = app, app.engine, app.deliver
        self.can_resume_flow, self.suspend_flow = asyncio.Event(), asyncio.Event()
        self.not_waiting_next_records = asyncio.Event()
        self.flow_active = True
        self._active_partitions: Any = None
        self._paused_partitions: Any = set()
        self.pauses, self._begun = Pauses(self), asyncio.Event()
        self._buffered_partitions: Any = set()
        self._thread = Thread(self, line)

    def assignment(self) -> Any:
        """Source partitions of this generation."""
        return {TP(*tp) for tp in self._thread.client.assignment()}


class SimulatedEngine(Engine):
    """The engine, which reaches Kafka over the simulated network."""

    line: Line

    def client_options(self) -> dict[str, Any]:
        """A line instead of an address."""
        return {"bootstrap_servers": self.line}


class App:
    """What the engine sees of Faust's App, and the group membership that aiokafka and Faust keep for it."""

    def __init__(self, name: str, directory: Path, line: Line) -> None:
        self.name, self.line = name, line
        self.conf = SimpleNamespace(id="stayshelf", broker_session_timeout=6.0, consumer_group_instance_id=None)
        self.tables = SimpleNamespace(
            values=lambda: TABLES, on_actives_ready=lambda: None, on_standbys_ready=lambda: None
        )
        self.client_only, self.in_recovery, self.should_stop = False, False, False
        self.consumer_generation_id = 0
        #: Set when the group is to make a new assignment.
        self.rejoin = asyncio.Event()
        self._is_joining = False
        self.flow_control = FlowControlEvent()
        self.on_rebalance_complete = SimpleNamespace(send=_nothing)
        self._fetcher = SimpleNamespace(maybe_start=_nothing, should_stop=False)
        self.assignor = SimpleNamespace(plan=NO_PLAN, generation=-1)
        self.topics = SimpleNamespace(maybe_wait_for_subscriptions=_nothing, on_partitions_assigned=_nothing)
        self._assigned: set[TP] = set()
        settings = Settings.model_construct(
            **{**_SETTINGS.__dict__, "data_dir": directory}, _fields_set=_SETTINGS.model_fields_set
        )
        self.engine = SimulatedEngine(self, settings, decoders=DECODERS, observer=Silent())
        self.engine.line = line
        self.engine.tasks.writer = f"stayshelf-{name}"
        self.consumer = Sources(self, line)
        self.tables.recovery = Restore(self, self.tables)
        self.tables.on_rebalance = self.tables.recovery.on_rebalance
        self.queues: dict[str, Any] = {}
        for agent, *topics in AGENTS.values():
            queue = FlowControlQueue(QUEUE_UNITS, flow_control=self.flow_control, clear_on_resume=True)
            self.queues |= dict.fromkeys([agent, *topics], queue)

    def _update_assignment(self, assigned: set[TP]) -> tuple[set[TP], set[TP]]:
        """Faust's: what was lost, and what is new."""
        before, self._assigned = self._assigned, assigned
        return before - assigned, assigned - before

    async def deliver(self, message: Any) -> None:
        """Faust's conductor: to the queue of the topic's agent."""
        await self.queues[message.topic].put(message.value)

    async def run_agent(self, agent: Any) -> None:
        """One agent on its stream; one that fails is started again, as Faust does."""
        while True:
            try:
                await agent.fun(Stream(self.queues[agent], self.line.rng))
            except Exception as error:
                self.engine.agent_failed(error)

    async def run(self) -> None:
        """Join the group and stay in it."""
        await self.engine.committer.start()
        await self.tables.recovery.start()
        self.rejoin.set()
        asyncio.ensure_future(self._beat_on()).add_done_callback(lambda beating: beating.result())
        while True:
            await self.rejoin.wait()
            await asyncio.sleep(self.line.rng.choice((0.0, 0.02, 1.0)) * self.line.rng.random())  # between two threads
            if self._member.generation >= 0 or self._assigned:
                await self.consumer.on_partitions_revoked(self._assigned)
            self.rejoin.clear()
            await self._join()

    async def leave(self) -> None:
        """SIGTERM: commit what is finished, leave the group, close everything."""
        self.should_stop = True
        await self.consumer.wait_empty()
        await self.consumer.on_stop()
        await self.tables.recovery.stop()
        await self.engine.committer.stop()
        await self.engine.on_shutdown()

    async def leave_group(self) -> None:
        """aiokafka's coordinator closes."""
        with suppress(KafkaConnectionError):
            await self._call(Leave(self._member.member_id))

    @property
    def _member(self) -> Any:
        return self.consumer._thread.client._coordinator

    async def _call(self, request: Any) -> Any:
        return await self.line.network.call((self, type(request).__name__), request)

    async def _beat_on(self) -> None:
        """Heartbeats, which say when to join again."""
        while not self.should_stop:
            await asyncio.sleep(HEARTBEAT_S)
            member_id = self._member.member_id
            if not member_id or self._is_joining:
                continue
            try:
                code = int(await self._call(Heartbeat(member_id, self._member.generation)))
            except KafkaConnectionError:
                continue
            if self._is_joining or member_id != self._member.member_id:
                continue
            if code not in (NONE, REBALANCE_IN_PROGRESS):
                self._member.generation, self._member.member_id = -1, ""
            if code != NONE:
                self.rejoin.set()

    async def _join(self) -> None:
        self._is_joining = True
        while not self.should_stop:
            tasks, plan = self.engine.tasks, self.assignor.plan
            copies = [(id, copy) for id, copy in sorted(tasks.copies().items()) if id in TASKS]
            claim = Claim(self.name, tasks.writer, self.assignor.generation, sorted(plan.mine.active), copies)
            try:
                joined = await self._call(Join(self._member.member_id, claim))
            except KafkaConnectionError:
                await asyncio.sleep(0.1)
                continue
            if joined.error == NONE:
                self._member.generation, self._member.member_id = joined.generation, joined.member_id
                await asyncio.sleep(self.line.rng.random() * 0.02)  # SyncGroup
                await self._got(joined.plan, joined.generation)
                break
            self._member.generation, self._member.member_id = -1, ""
        self._is_joining = False

    async def _got(self, plan: Any, generation: int) -> None:
        """As aiokafka and Faust do it when partitions were assigned."""
        thread = self.consumer._thread
        assigned = {TP(topic, id.partition) for id in plan.mine.active for topic in GROUP_BY_NAME[id.group].sources}
        self.assignor.plan = plan
        thread.client.reassign(assigned)
        thread._take_over(thread.client)
        await asyncio.sleep(0)
        self.consumer_generation_id = generation
        await self.consumer.on_partitions_assigned(assigned, generation)


class Stream:
    """An agent's stream; now and then the agent is busy, so that units wait in the queue."""

    def __init__(self, queue: Any, rng: Random) -> None:
        self._queue = queue
        self._rng = rng

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> Any:
        if self._rng.random() < BUSY:
            await asyncio.sleep(self._rng.choice((0.01, 0.05, 1.0)))
        return await self._queue.get()


class Worker:
    """One process with an App; it dies, and another one starts in the same directory."""

    def __init__(self, name: str, directory: Path, process: Process, line: Line) -> None:
        self.name = name
        self.directory = directory
        self.process = process
        self.line = line
        self.app: App | None = None
        #: Why it ended by itself, which it never should.
        self.failures: list[str] = []

    async def run(self) -> None:
        """Everything of a worker at once."""
        asyncio.ensure_future(self._run()).add_done_callback(self._ended)

    async def _run(self) -> None:
        app = self.app = App(self.name, self.directory, self.line)
        parts: list[Coroutine[Any, Any, None]] = [app.run(), app.consumer._drain_messages(app._fetcher)]
        parts += [app.consumer.pauses.end_each(), *(app.run_agent(agent) for agent, *_ in AGENTS.values())]
        for part in parts:
            asyncio.ensure_future(part).add_done_callback(self._ended)

    def _ended(self, part: asyncio.Future[None]) -> None:
        error = None if part.cancelled() else part.exception()
        if isinstance(error, Exception):
            self.failures.append(_told(error))

    def unexpected(self) -> list[str]:
        """Errors that nothing of the worker was prepared for."""
        services = [] if self.app is None else [self.app.engine.committer, self.app.tables.recovery]
        return self.failures + [_told(service.crash_reason) for service in services if service.crashed]


def _told(error: BaseException | None) -> str:
    return "".join(traceback.format_exception(error)[-3:])


async def _nothing(*_: Any) -> None:
    pass


_SETTINGS = Settings(_env_file=None, broker="kafka://simulated:1", guarantee="exactly_once")
