"""Real brokers that can be killed: containers on the host's network, each with a way in for tests and one for each
worker that leads through a proxy."""

import asyncio
import socket
import time
from typing import Any, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from docker.errors import DockerException
from testcontainers.core.container import DockerContainer

from tests.broker.single import IMAGE, NoBroker, free_ports

HEAP = "-Xms256m -Xmx384m"
COLLECTOR = "-XX:+UseSerialGC"  # and both compilers: they live for long
READY_SECONDS = 180.0
MOST_OFFSETS_BYTES = 1 << 30  # nothing of a run may be compacted before it was looked at


class Doors(NamedTuple):
    """Ports of one broker: for its peers' votes, for tests, and for each worker (listened on, advertised)."""

    controller: int
    direct: int
    workers: tuple[tuple[int, int], ...]


class Cluster:
    """Kafka in KRaft mode; brokers are numbered from 1. `workers` is the number of ways in through a proxy."""

    def __init__(self, brokers: int, workers: int, **properties: str) -> None:
        self.count = brokers
        each = 2 + 2 * workers
        ports = free_ports(brokers * each)
        self.doors = [
            Doors(ports[at], ports[at + 1], tuple((ports[at + n], ports[at + n + 1]) for n in range(2, each, 2)))
            for at in range(0, brokers * each, each)
        ]
        self._workers = workers
        self._containers = [self._container(number, properties) for number in range(1, brokers + 1)]

    @property
    def bootstrap(self) -> str:
        """Addresses for tests, past every proxy."""
        return ",".join(f"127.0.0.1:{doors.direct}" for doors in self.doors)

    def through_proxy(self, worker: int) -> str:
        """Addresses for one worker; a proxy must listen there."""
        return ",".join(f"127.0.0.1:{doors.workers[worker][1]}" for doors in self.doors)

    @property
    def replication(self) -> int:
        """The highest replication factor there can be, at most 3."""
        return min(3, self.count)

    def _container(self, number: int, properties: dict[str, str]) -> DockerContainer:
        doors, names = self.doors[number - 1], [f"WORKER{n}" for n in range(self._workers)]
        safe = min(2, self.replication)
        inside = {name: ports[0] for name, ports in zip(names, doors.workers, strict=True)}
        outside = {name: ports[1] for name, ports in zip(names, doors.workers, strict=True)}
        own = {"DIRECT": doors.direct}
        voters = ",".join(f"{n}@127.0.0.1:{each.controller}" for n, each in enumerate(self.doors, 1))
        options = {
            "NODE_ID": number,
            "PROCESS_ROLES": "broker,controller",
            "LISTENERS": _listeners({**own, **inside, "CONTROLLER": doors.controller}),
            "ADVERTISED_LISTENERS": _listeners({**own, **outside}),
            "LISTENER_SECURITY_PROTOCOL_MAP": ",".join(f"{n}:PLAINTEXT" for n in ("CONTROLLER", "DIRECT", *names)),
            "INTER_BROKER_LISTENER_NAME": "DIRECT",
            "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "CONTROLLER_QUORUM_VOTERS": voters,
            "OFFSETS_TOPIC_REPLICATION_FACTOR": self.replication,
            "OFFSETS_TOPIC_NUM_PARTITIONS": 4,
            "OFFSETS_TOPIC_SEGMENT_BYTES": MOST_OFFSETS_BYTES,
            "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": self.replication,
            "TRANSACTION_STATE_LOG_MIN_ISR": safe,
            "TRANSACTION_STATE_LOG_NUM_PARTITIONS": 4,
            "GROUP_INITIAL_REBALANCE_DELAY_MS": 0,
            "AUTO_CREATE_TOPICS_ENABLE": "false",
            "NUM_NETWORK_THREADS": 2,
            "NUM_IO_THREADS": 4,
            "HEAP_OPTS": HEAP,
            "JVM_PERFORMANCE_OPTS": COLLECTOR,
            **properties,
        }
        kafka = DockerContainer(IMAGE).with_kwargs(network_mode="host")
        for name, value in options.items():
            kafka.with_env(f"KAFKA_{name}", str(value))
        return kafka

    async def start(self) -> None:
        """Start all brokers and wait until they answer; raises NoBroker."""
        try:
            await asyncio.to_thread(lambda: [kafka.start() for kafka in self._containers])
        except DockerException as error:
            raise NoBroker(f"no Docker: {str(error)[:200]}") from error
        await self.healthy()

    def close(self) -> None:
        """Remove the brokers and their data."""
        for kafka in self._containers:
            kafka.stop()

    def kill(self, number: int) -> None:
        """kill -9 of one broker; it is gone when this returns."""
        self._docker(number).kill("KILL")
        self._docker(number).wait(timeout=30)

    def stop(self, number: int) -> None:
        """SIGTERM: the broker hands over what it leads, and ends."""
        self._docker(number).stop(timeout=60)

    def revive(self, number: int) -> None:
        """Start a broker again on its own data."""
        self._docker(number).start()

    def is_gone(self, number: int) -> bool:
        """Whether the broker's process has ended and nobody listens at its door."""
        container = self._docker(number)
        container.reload()
        with socket.socket() as probe:
            refused = probe.connect_ex(("127.0.0.1", self.doors[number - 1].direct)) != 0
        return bool(container.attrs["State"]["Status"] == "exited") and refused

    def _docker(self, number: int) -> Any:
        return self._containers[number - 1].get_wrapped_container()

    async def healthy(self, within: float = READY_SECONDS) -> None:
        """Wait until all brokers are there, and in sync with all partitions they have a copy of."""
        deadline = time.monotonic() + within
        problem = "no answer"
        while time.monotonic() < deadline:
            try:
                problem = await self._problem()
            except (KafkaError, OSError, TimeoutError) as error:
                problem = type(error).__name__
            if not problem:
                return
            await asyncio.sleep(0.3)
        raise AssertionError(f"the brokers are not healthy after {within:.0f} s: {problem}")

    async def _problem(self) -> str:
        for doors in self.doors:
            # For some seconds the others still count on a broker that is gone: its own door must be open.
            _, writer = await asyncio.open_connection("127.0.0.1", doors.direct)
            writer.close()
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=5_000)
        async with asyncio.timeout(10):
            await admin.start()
            try:
                there = len((await admin.describe_cluster())["brokers"])
                if there < self.count:
                    return f"{there} of {self.count} brokers"
                topics = await admin.describe_topics()
                behind = sum(len(p["isr"]) < len(p["replicas"]) for topic in topics for p in topic["partitions"])
                return f"{behind} partitions not in sync" if behind else ""
            finally:
                await admin.close()


def _listeners(ports: dict[str, int]) -> str:
    return ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items())
