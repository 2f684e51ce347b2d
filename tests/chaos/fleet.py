"""The workers of a run, and what may become of them: every end of a process is one that was meant, or a failure."""

import asyncio
import re
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import aiohttp

from tests.broker.workers import Worker
from tests.chaos.points import PREFIX

POINTS_MODULE = "tests.chaos.points"
GONE_SECONDS = 20.0
_TROUBLE = re.compile(r"Traceback \(most recent call last\)|\[(ERROR|CRITICAL)\]")


Place = tuple[str, int]  # group, partition


class Plan(NamedTuple):
    """A place where the next life of a worker ends or stops, and which passing of it counts."""

    point: str
    hits: int
    act: signal.Signals


class Member:
    """One worker through all its lives."""

    def __init__(self, directory: Path, bootstrap: str, **settings: str) -> None:
        self.name = directory.name
        self.worker = Worker(directory, bootstrap, **settings)
        self.plan: Plan | None = None
        self.lives = 0
        self.is_intruder = False
        self._evidence = directory / "point"
        self._ended_as_meant = True

    def start(self, plan: Plan | None = None) -> None:
        """Begin a life, ending the last one if need be; with a plan it ends, or stops, where that says."""
        self.worker.kill()
        self.plan = plan
        self.lives += 1
        self._ended_as_meant = False
        self._evidence.unlink(missing_ok=True)
        if plan is None:
            self.worker.start()
            return
        told = {"": plan.point, "_HITS": str(plan.hits), "_ACT": plan.act.name, "_FILE": str(self._evidence)}
        prefix = PREFIX.removeprefix("STAYSHELF_")
        self.worker.start(POINTS_MODULE, **{prefix + name: value for name, value in told.items()})

    @property
    def reached_its_point(self) -> bool:
        """Whether the planned place was reached in this life."""
        return self._evidence.exists() and str(self.worker.pid) in self._evidence.read_text()

    def kill(self) -> str:
        """kill -9; says what was seen."""
        self._ended_as_meant = True
        self.worker.kill()
        return f"pid {self.worker.pid} ended with {self.worker.status}" if self.worker.status == -9 else ""

    async def terminate(self) -> str:
        """SIGTERM; the exit status must be 0."""
        self._ended_as_meant = True
        began = time.monotonic()
        status = await asyncio.to_thread(self.worker.stop)
        assert status == 0, f"{self.name} ended with {status} on SIGTERM:\n{self.worker.tail()}"
        return f"pid {self.worker.pid} ended with 0 after {time.monotonic() - began:.1f} s"

    async def until_at_its_point(self, within: float) -> bool:
        """Wait until the planned place is reached: the process is gone, or stands still."""
        assert self.plan is not None
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if self.reached_its_point:
                if self.plan.act != signal.SIGKILL:
                    return True
                if self.worker.status is not None:
                    self._ended_as_meant = self.worker.status == -9
                    return self._ended_as_meant
            elif self.worker.status is not None:
                return False
            await asyncio.sleep(0.05)
        return False

    @property
    def problem(self) -> str:
        """What is wrong with it: an end nobody meant."""
        if self.lives and not self._ended_as_meant and self.worker.status is not None and not self.reached_its_point:
            return f"{self.name} ended with {self.worker.status}:\n{self.worker.tail(40)}"
        return ""

    def trouble(self, allowed: re.Pattern[str]) -> list[str]:
        """Lines of its log that no worker should write; what an intruder says while it is refused is its own affair."""
        if self.is_intruder:
            return []
        lines = self.worker.log.read_text("utf-8", "replace").splitlines() if self.worker.log.exists() else []
        return [f"{self.name}: {line}" for line in wrong_lines(lines, allowed)]


def wrong_lines(lines: Iterable[str], allowed: re.Pattern[str]) -> Iterator[str]:
    """Errors that are not allowed, and tracebacks but those an allowed error has just announced."""
    announced = False
    for line in lines:
        if line.startswith("Traceback") and announced:
            announced = False
        elif _TROUBLE.search(line) and not allowed.search(line):
            announced = False
            yield line
        elif line.startswith("["):
            announced = bool(_TROUBLE.search(line))


def points_for(rng: Random, points: Iterable[str], act: signal.Signals) -> Plan:
    """A plan drawn from `rng`: early passings more often than late ones."""
    point = rng.choice(sorted(points))
    rare = point in ("while-leaving", "after-joining", "while-restoring")
    return Plan(point, 1 if rare else 1 + int(20 * rng.random() ** 2), act)


class Topology(NamedTuple):
    """Who holds what, as one worker says: (group, partition) by URL of the active, and the copies of that worker."""

    actives: dict[str, set[Place]]
    copies: list[dict[str, Any]]


async def topology(worker: Worker) -> Topology:
    """What a worker says about the fleet; raises aiohttp's errors."""
    timeout = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(f"{worker.url}/v1/topology") as answer:
        said = await answer.json()
    actives: dict[str, set[Place]] = {}
    for part in said["partitions"]:
        actives.setdefault(part["active"], set()).add((part["group"], part["partition"]))
    return Topology(actives, said["worker"]["copies"])
