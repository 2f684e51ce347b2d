"""One real Kafka broker for tests that need no more: the one named by the environment, or a container."""

import os
import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from docker.errors import DockerException
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

testcontainers_config.ryuk_disabled = True  # its image can't be had everywhere; every container here is stopped

IMAGE = "apache/kafka:4.1.0"
NAMED = "STAYSHELF_TEST_BROKER"
HEAP = "-Xms256m -Xmx512m"
#: A broker that lives for minutes would compile all the time, for a speed nobody needs.
JVM = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
PORTS = range(20_000, 32_000)  # below those that outgoing connections are given
PORT_TRIES = 100


class NoBroker(Exception):
    """Why there is no broker for a test."""


@contextmanager
def broker() -> Iterator[str]:
    """A broker's address, `host:port`; raises NoBroker."""
    named = os.environ.get(NAMED)
    if named:
        yield named.removeprefix("kafka://")
        return
    with container() as address:
        yield address


@contextmanager
def container(**options: str) -> Iterator[str]:
    """A fresh broker in a container of its own; options are KAFKA_* properties more; raises NoBroker."""
    port = free_port()
    properties = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": f"PLAINTEXT://0.0.0.0:{port},CONTROLLER://localhost:29093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:29093",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
        "KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS": "4",
        "KAFKA_HEAP_OPTS": HEAP,
        "KAFKA_JVM_PERFORMANCE_OPTS": JVM,
    }
    try:
        kafka = DockerContainer(IMAGE).with_bind_ports(port, port)
        for name, value in (properties | options).items():
            kafka.with_env(name, value)
        kafka.waiting_for(LogMessageWaitStrategy("Kafka Server started"))
        kafka.start()
    except DockerException as error:
        raise NoBroker(f"neither {NAMED} nor Docker: {str(error)[:200]}") from error
    try:
        yield f"127.0.0.1:{port}"
    finally:
        kafka.stop()


def free_port() -> int:
    """A port of this machine nobody listens on now."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Ports in a row that nobody listens on, and that no outgoing connection takes while their process restarts."""
    for _ in range(PORT_TRIES):
        first = random.randrange(PORTS.start, PORTS.stop - count)
        with ExitStack() as held:
            try:
                for port in range(first, first + count):
                    probe = held.enter_context(socket.socket())
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return list(range(first, first + count))
    raise NoBroker(f"no {count} free ports in a row")
