"""The way between the clients and the simulated Kafka: it takes time, keeps order on a connection, and breaks."""

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any, NamedTuple

from aiokafka.errors import KafkaConnectionError

from tests.simulation.broker import Broker
from tests.simulation.virtual_time import PROCESS, Killed, Loop, Process

#: What may happen to one request: (point) -> what is to be done there, if anything.
Hook = Callable[[Process, str], str | None]


class Join(NamedTuple):
    """JoinGroup and SyncGroup."""

    member_id: str
    claim: Any


class Heartbeat(NamedTuple):
    """Heartbeat."""

    member_id: str
    generation: int


class Leave(NamedTuple):
    """LeaveGroup."""

    member_id: str


class Ends(NamedTuple):
    """ListOffsets for the end."""

    partitions: list[Any]
    committed: bool


class Fetch(NamedTuple):
    """A fetch of committed records by position, answered when there are some, or after so many seconds."""

    positions: dict[Any, int]
    most: int
    wait_s: float


class Network:
    """Carries requests; `hook` is asked at each point of a request's way and may have it lost."""

    def __init__(self, loop: Loop, rng: Random, broker: Broker, hook: Hook) -> None:
        self._loop = loop
        self._rng = rng
        self._broker = broker
        self._hook = hook
        self._arrivals: dict[Any, float] = {}
        self._held: dict[Process, list[Callable[[], None]]] = {}
        #: Processes that reach nobody.
        self.cut: set[Process] = set()
        self.sent: Counter[str] = Counter()
        #: What happened, step by step: the same for the same seed.
        self.trace: list[tuple[float, str, str]] = []

    def _delay(self) -> float:
        slow = self._rng.random() < 0.03
        return self._rng.uniform(0.02, 0.3) if slow else self._rng.uniform(0.0005, 0.004)

    def _due(self, line: Any) -> float:
        """When what is sent now on a connection arrives: never before what was sent on it earlier."""
        due = max(self._loop.now + self._delay(), self._arrivals.get(line, 0.0))
        self._arrivals[line] = due
        return due

    async def call(self, connection: Any, request: Any, waiting: set[asyncio.Future[Any]] | None = None) -> Any:
        """Send a request and wait for its answer; raises KafkaConnectionError where one of them is lost.

        What waits for an answer is kept in `waiting`, for whoever closes the connection.
        """
        process = PROCESS.get()
        assert process is not None
        if process.state == "dead":
            raise Killed
        name = type(request).__name__.lstrip("_")
        self.sent[name] += 1
        answered: asyncio.Future[Any] = self._loop.create_future()
        if waiting is not None:
            waiting.add(answered)
            answered.add_done_callback(waiting.discard)
        fate = self._hook(process, f"send {name}")
        if process in self.cut:
            fate = "lost"
        self.trace.append((self._loop.now, process.name, name))
        if fate == "slow":
            self._arrivals[connection, "there"] = self._loop.now + self._rng.uniform(0.1, 1.0)
        if fate in ("lost", "late"):
            self._loop.later(self._rng.uniform(0.01, 0.4), _break, answered)
            if fate == "lost":
                return await answered
        arrive = partial(self._arrive, process, connection, request, answered)
        if fate == "late" and self._rng.random() < 0.5:
            self._held.setdefault(process, []).append(arrive)
        elif fate == "late":
            self._loop.later(self._rng.uniform(0.05, 2.0), arrive)
        else:
            self._loop.outside(self._due((connection, "there")), arrive)
        return await answered

    def _arrive(self, process: Process, connection: Any, request: Any, answered: Any) -> None:
        name = type(request).__name__.lstrip("_")

        def answer(response: Any) -> None:
            fate = self._hook(process, f"done {name}")
            if fate == "lost" or process in self.cut:
                self._loop.later(self._rng.uniform(0.0, 0.4), _break, answered)
                return
            due = self._due((connection, "back"))
            self._loop.outside(due, self._return, process, name, answered, response)

        self._broker.handle(request, answer)
        # What was held up arrives when it does most harm: when a later transaction has begun.
        if name == "ProduceRequest":
            for arrive in self._held.pop(process, ()):
                self._loop.later(self._rng.random() * 0.003, arrive)

    def _return(self, process: Process, name: str, answered: Any, response: Any) -> None:
        self._hook(process, f"answer {name}")
        if not answered.done():
            answered.set_result(response)


def _break(answered: Any) -> None:
    if not answered.done():
        answered.set_exception(KafkaConnectionError("the connection broke"))
