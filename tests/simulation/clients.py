"""What aiokafka's clients are to the engine, over the simulated network."""

import asyncio
from collections.abc import Iterable
from contextlib import nullcontext
from random import Random
from types import SimpleNamespace
from typing import Any
from zlib import crc32

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from app.engine.kip447 import TransactionalProducer
from app.engine.topic_specs import PARTITIONS
from tests.simulation.broker import NODES
from tests.simulation.network import Ends, Fetch, Network

PAUSE_S = 0.05
FETCH_S = 0.5


class Line:
    """The network as one worker's clients have it; stands in the options where the broker's address stands."""

    def __init__(self, network: Network, rng: Random) -> None:
        self.network = network
        self.rng = rng


class Client:
    """AIOKafkaClient, as far as a producer uses it: metadata that is always known, requests to nodes."""

    def __init__(self, *, bootstrap_servers: Line, **_options: Any) -> None:
        self._line = bootstrap_servers
        self._waiting: set[asyncio.Future[Any]] = set()
        self._client_id = ""
        self.cluster = self

    async def bootstrap(self) -> None:
        """Connected."""

    async def close(self) -> None:
        """What is under way gets no answer any more; it may still arrive."""
        for waiting in list(self._waiting):
            if not waiting.done():
                waiting.set_exception(KafkaConnectionError("closed"))

    def add_topic(self, _topic: str) -> None:
        """Known."""

    def partitions_for_topic(self, topic: str) -> range:
        return range(PARTITIONS[topic])

    def leader_for_partition(self, tp: TopicPartition) -> int:
        return (crc32(tp.topic.encode()) + int(tp.partition)) % NODES

    def get_random_node(self) -> int:
        return 0

    def force_metadata_update(self) -> asyncio.Future[bool]:
        found: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(PAUSE_S, lambda: found.done() or found.set_result(True))
        return found

    async def _wait_on_metadata(self, _topic: str) -> None:
        """Known."""

    async def _maybe_wait_metadata(self) -> None:
        """Known."""

    async def coordinator_lookup(self, _kind: Any, _key: str) -> int:
        return 0

    async def ready(self, _node: int, *, group: Any = None) -> bool:
        return True

    async def send(self, node: int, request: Any, *, group: Any = None) -> Any:
        return await self._line.network.call((self, node, group), request, self._waiting)


class Producer(TransactionalProducer):
    """The engine's own producer, which is left behind when its process dies."""

    def __del__(self) -> None:
        """Nobody closes the connections of a killed process."""


class Admin:
    """AIOKafkaAdminClient, to be asked who the broker is."""

    def __init__(self, **_options: Any) -> None:
        pass

    async def start(self) -> None:
        """Connected."""

    async def close(self) -> None:
        """Disconnected."""

    async def describe_cluster(self) -> dict[str, Any]:
        return {"cluster_id": "simulated"}


class LogConsumer:
    """AIOKafkaConsumer without a group, as app.engine.changelog_reader uses it."""

    def __init__(self, *, bootstrap_servers: Line, isolation_level: str = "read_uncommitted", **_options: Any) -> None:
        self._line = bootstrap_servers
        self._committed = isolation_level == "read_committed"
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._stable: dict[TopicPartition, int] = {}

    async def start(self) -> None:
        """Connected."""

    async def stop(self) -> None:
        """Disconnected."""

    async def _call(self, request: Any) -> Any:
        return await self._line.network.call(self, request)

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        found: dict[TopicPartition, int] = await self._call(Ends(list(partitions), self._committed))
        return found

    def assign(self, partitions: list[TopicPartition]) -> None:
        self._positions = dict.fromkeys(partitions, 0)
        self._paused.clear()
        self._stable.clear()

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self._positions[tp] = offset

    def pause(self, *partitions: TopicPartition) -> None:
        self._paused.update(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self._paused.difference_update(partitions)

    def assignment(self) -> set[TopicPartition]:
        return set(self._positions)

    async def position(self, tp: TopicPartition) -> int:
        return self._positions[tp]

    def last_stable_offset(self, tp: TopicPartition) -> int | None:
        return self._stable.get(tp)

    async def getmany(self, *, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        """Records since the last call; sometimes fewer than there are, so that batches are cut anywhere."""
        wanted = {tp: at for tp, at in self._positions.items() if tp not in self._paused}
        most = self._line.rng.randrange(1, 6) if self._line.rng.random() < 0.2 else max_records
        try:
            found = await self._call(Fetch(wanted, most, timeout_ms / 1_000)) if wanted else {}
        except KafkaConnectionError:  # aiokafka tries again by itself
            found = {}
        given: dict[TopicPartition, list[Any]] = {}
        for tp, (records, position, stable) in found.items():
            if self._positions.get(tp) == wanted[tp] and tp not in self._paused:
                self._positions[tp], self._stable[tp] = position, stable
                if records:
                    given[tp] = records
        if not found and timeout_ms:
            await asyncio.sleep(timeout_ms / 1_000)
        return given


class State:
    """Where a partition is read, and whether it is."""

    def __init__(self) -> None:
        self.position: int | None = None
        self.has_valid_position = False
        self.paused = False

    def seek(self, offset: int) -> None:
        self.position, self.has_valid_position = offset, True

    def pause(self) -> None:
        self.paused = True


class SourceConsumer:
    """AIOKafkaConsumer in the group, as app.engine.transport and Faust's driver use it: the parts they reach into."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._closed = False
        self._max_poll_records = 4_000
        self._coordinator = SimpleNamespace(generation=-1, member_id="", contact=0.0)
        self._fetcher = self
        self._subscriptions = self
        self._subscription = SimpleNamespace(subscription=SimpleNamespace(assignment=self))
        self._states: dict[Any, State] = {}
        self._woken = asyncio.Event()

    def reassign(self, partitions: Iterable[TopicPartition]) -> None:
        """Another generation: positions are forgotten."""
        self._states = {TopicPartition(*tp): State() for tp in partitions}

    def assignment(self) -> set[TopicPartition]:
        return set(self._states)

    @property
    def tps(self) -> Any:
        return self._states.keys()

    def state_value(self, tp: Any) -> Any:
        return self._states.get(tp)

    def fetch_context(self) -> Any:
        return nullcontext()

    def pause(self, *partitions: Any) -> None:
        for tp in partitions:
            self._states[tp].paused = True

    def resume(self, *partitions: Any) -> None:
        for tp in partitions:
            self._states[tp].paused = False

    def seek(self, tp: Any, offset: int) -> None:
        self._states[tp].seek(offset)
        self._woken.set()

    async def fetched_records(
        self,
        partitions: Iterable[Any],
        timeout: float = 0.0,  # noqa: ASYNC109 - aiokafka's own signature
        max_records: int = 0,
    ) -> dict[Any, list[Any]]:
        states = {tp: self._states[tp] for tp in sorted(partitions) if tp in self._states}
        wanted = {tp: state.position for tp, state in states.items() if state.has_valid_position and not state.paused}
        most = self._line.rng.randrange(1, 4) if self._line.rng.random() < 0.3 else max_records
        try:
            request = Fetch(wanted, most, self._line.rng.random() * min(timeout, FETCH_S))
            found = await self._line.network.call(self, request) if wanted else {}
        except KafkaConnectionError:  # aiokafka tries again by itself
            found = {}
        given: dict[Any, list[Any]] = {}
        for tp, (records, position, _stable) in found.items():
            # What was fetched from before a seek or another assignment is thrown away.
            if self._states.get(tp) is states[tp] and states[tp].position == wanted[tp] and not states[tp].paused:
                states[tp].position = position
                if records:
                    given[tp] = records
        if not found:
            self._woken.clear()
            waiting = asyncio.get_running_loop().call_later(timeout, self._woken.set)
            await self._woken.wait()
            waiting.cancel()
        return given
