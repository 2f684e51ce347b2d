"""A real schema registry for tests: Apicurio in a container, spoken to through its Confluent-compatible API."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from docker.errors import DockerException
from testcontainers.core.container import DockerContainer

from tests.broker.single import NoBroker, free_port

IMAGE = "apicurio/apicurio-registry-mem:2.6.13.Final"
OPTIONS = "-Xmx256m -XX:TieredStopAtLevel=1"  # starts in half the time
READY_SECONDS = 180


class Apicurio:
    """A running registry; freeze() makes it silent with everything it holds, thaw() brings it back."""

    def __init__(self, container: DockerContainer, port: int) -> None:
        self._container = container
        self.url = f"http://127.0.0.1:{port}/apis/ccompat/v7"

    def freeze(self) -> None:
        self._container.get_wrapped_container().pause()

    def thaw(self) -> None:
        self._container.get_wrapped_container().unpause()

    def register(self, subject: str, schema: Any) -> int:
        """The id of a schema, added to its subject as a producer does it."""
        body = json.dumps({"schema": json.dumps(schema)}).encode()
        request = urllib.request.Request(
            f"{self.url}/subjects/{subject}/versions", body, {"Content-Type": "application/vnd.schemaregistry.v1+json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(json.load(answer)["id"])


@contextmanager
def apicurio() -> Iterator[Apicurio]:
    """A fresh registry; raises NoBroker."""
    port = free_port()
    container = DockerContainer(IMAGE).with_bind_ports(8080, port).with_env("JAVA_OPTIONS", OPTIONS)
    try:
        container.start()
    except DockerException as error:
        raise NoBroker(f"no Docker for a registry: {str(error)[:200]}") from error
    try:
        registry = Apicurio(container, port)
        _until_ready(f"{registry.url}/subjects")
        yield registry
    finally:
        container.stop()


def _until_ready(url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
