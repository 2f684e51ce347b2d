"""docker-compose.yml as a user runs it: up, asked, hurt, down with everything it kept."""

import json
import os
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.broker.single import free_port

ROOT = Path(__file__).parents[2]
UP_SECONDS = 900


class Stack:
    """One run of the whole file under a name and ports of its own."""

    def __init__(self, name: str) -> None:
        self.prometheus = free_port()
        first = free_port()
        ports = {"PROMETHEUS_PORT": str(self.prometheus), "WORKER_PORTS": f"{first}-{first + 9}", "RATE": "300"}
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith("STAYSHELF_")} | ports
        v2 = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
        self._command = [*(["docker", "compose"] if v2 else ["docker-compose"]), "-p", name]

    def run(self, *arguments: str, within: float = UP_SECONDS, check: bool = True) -> str:
        """A compose command; its output."""
        done = subprocess.run(
            [*self._command, *arguments],
            cwd=ROOT, env=self._environment, capture_output=True, text=True, timeout=within, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{arguments}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def down(self) -> None:
        """Everything away, volumes too."""
        self.run("--profile", "grafana", "down", "--volumes", "--timeout", "3", check=False)

    def containers(self, service: str) -> list[str]:
        """Ids of a service's running containers."""
        return self.run("ps", "-q", service).split()

    def worker_urls(self) -> list[str]:
        """Where the running workers can be reached from here."""
        found = []
        for container in self.containers("worker"):
            shown = json.loads(subprocess.check_output(["docker", "inspect", container]))[0]
            if shown["State"]["Running"]:
                found.append(f"http://127.0.0.1:{shown['NetworkSettings']['Ports']['6066/tcp'][0]['HostPort']}")
        return found

    def kill_one(self, service: str) -> None:
        """kill -9 for one of a service's containers."""
        subprocess.run(["docker", "kill", self.containers(service)[0]], check=True, capture_output=True)

    def series(self, query: str) -> list[tuple[dict[str, str], float]]:
        """An instant query to Prometheus: labels and value of each series."""
        found = self.of_prometheus("query?" + urllib.parse.urlencode({"query": query}))
        return [(each["metric"], float(each["value"][1])) for each in found["result"]]

    def total(self, query: str) -> float:
        """The sum over all series."""
        return sum(value for _, value in self.series(query))

    def of_prometheus(self, path: str) -> Any:
        """What its API answers."""
        return fetched(f"http://127.0.0.1:{self.prometheus}/api/v1/{path}")["data"]

    def group_lags(self) -> dict[tuple[str, int], int]:
        """kafka-consumer-groups.sh --describe: lag by topic and partition, where something was committed."""
        tool = "/opt/kafka/bin/kafka-consumer-groups.sh --bootstrap-server kafka-1:9092 --timeout 60000"
        shown = self.run("exec", "-T", "kafka-1", *tool.split(), "--describe", "--group", "stayshelf")
        rows = [line.split() for line in shown.splitlines() if line.startswith("stayshelf ")]
        return {(row[1], int(row[2])): int(row[5]) for row in rows if row[5].isdigit()}


def fetched(url: str) -> Any:
    """The JSON at an address."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def until(condition: Callable[[], Any], within: float, what: str) -> None:
    """Wait for a condition that holds; connections that fail count as not yet."""
    deadline = time.monotonic() + within
    last: object = None
    while time.monotonic() < deadline:
        try:
            last = condition()
            if last:
                return
        except (OSError, KeyError) as error:
            last = error
        time.sleep(1.0)
    raise AssertionError(f"{what} not within {within:.0f} s; at last: {last!r}")


def available() -> bool:
    """Whether Docker and a compose are here and answer."""
    if not shutil.which("docker"):
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0
