"""One scenario's surroundings: fresh topics, the load, the workers, the reader that watches, and the journal."""

import asyncio
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import aiohttp
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from app.engine.group import GROUP_BY_NAME, GROUPS, RETRIES
from app.engine.offsets import committed_offsets
from app.engine.topic_admin import create_missing, reached
from app.engine.topic_specs import PAYMENT_COMPLETED, SPECS
from app.settings import Settings
from tests.broker.kafka_log import GROUP, SOURCES
from tests.broker.topics import wipe
from tests.broker.workers import ROOT
from tests.chaos.cluster import Cluster
from tests.chaos.fleet import Member, Place
from tests.chaos.group_log import GroupLog, group_log
from tests.chaos.journal import Journal
from tests.chaos.load import Acknowledged, Sent, acknowledged
from tests.chaos.proxy import Proxy
from tests.chaos.shown import Watch

WATCHED = (
    PAYMENT_COMPLETED,
    *(f"{source}-dlt" for source in SOURCES),
    *RETRIES,
    *(group.changelog for group in GROUPS),
)
OUTPUTS = WATCHED[: -len(GROUPS)]
READY_SECONDS = 180.0
LOAD_STOP_SECONDS = 150.0
Lines = list[Proxy]  # one worker's ways to all brokers


class Stage:
    """What a scenario plays on. Use as an async context manager."""

    def __init__(self, cluster: Cluster, directory: Path, *, seed: int, rate: float) -> None:
        self.cluster = cluster
        self.rng = Random(seed)
        self.seed = seed
        self.rate = rate
        self.journal = Journal()
        self.members: list[Member] = []
        self.watch = Watch(cluster.bootstrap, WATCHED)
        self.directory = directory
        #: Copies that are damaged where perhaps nobody has looked since, as `worker/partition`.
        self.damaged: set[str] = set()
        self.began = time.time()
        self._stack = AsyncExitStack()
        self._load: subprocess.Popen[bytes] | None = None
        self._load_log = directory / "load.log"

    async def __aenter__(self) -> "Stage":
        self.directory.mkdir(parents=True)
        await self.cluster.healthy()
        await wipe(self.cluster.bootstrap)
        settings = Settings(
            _env_file=None,
            broker=f"kafka://{self.cluster.bootstrap.split(',')[0]}",
            replication_factor=self.cluster.replication,
        )
        async with reached({"bootstrap_servers": self.cluster.bootstrap}, print) as admin:
            await create_missing(admin, settings, SPECS)
        await self.cluster.healthy()
        self.began = time.time()
        await self._stack.enter_async_context(self.watch)
        return self

    async def __aexit__(self, *_: object) -> None:
        for member in self.members:
            member.worker.kill()
        if self._load is not None:
            self._load.kill()
            self._load.wait()
        await self._stack.aclose()

    async def proxies(self, workers: int) -> list[Lines]:
        """A proxy between each worker that is to come and each broker, as long as the stage is."""
        return [
            [
                await self._stack.enter_async_context(Proxy(doors.workers[n][1], doors.workers[n][0]))
                for doors in self.cluster.doors
            ]
            for n in range(workers)
        ]

    def member(self, *, proxied: bool = False, **settings: str) -> Member:
        """One more worker, not yet started; behind its proxies where there are some."""
        number = len(self.members)
        bootstrap = self.cluster.through_proxy(number) if proxied else self.cluster.bootstrap
        told = {"REPLICATION_FACTOR": str(self.cluster.replication), **settings}
        self.members.append(Member(self.directory / f"worker-{number}", bootstrap, **told))
        return self.members[-1]

    async def start(self, count: int, *, proxied: bool = False, static: bool = False) -> None:
        """Start workers, wait until they are ready, then begin to send."""
        for number in range(count):
            settings = {"INSTANCE_ID": f"worker-{number}"} if static else {}
            self.member(proxied=proxied, **settings).start()
        await self.ready()
        self.begin_to_send()

    def begin_to_send(self) -> None:
        """Start the load's own process."""
        command = [sys.executable, "-m", "tests.chaos.load", "--bootstrap", self.cluster.bootstrap]
        command += ["--log", str(self._load_log), "--rate", str(self.rate), "--seed", str(self.seed)]
        with (self.directory / "load.out").open("wb") as out:
            self._load = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    async def stop_sending(self) -> tuple[list[Acknowledged], Sent]:
        """End the load; everything it was told the broker took, and its own sum."""
        assert self._load is not None
        if self._load.poll() is None:
            self._load.send_signal(signal.SIGTERM)
        status = await asyncio.to_thread(self._load.wait, LOAD_STOP_SECONDS)
        assert status == 0, f"the load ended with {status}: {(self.directory / 'load.out').read_text()[-2000:]}"
        return acknowledged(self._load_log)

    async def ready(self, within: float = READY_SECONDS) -> None:
        """Wait until every worker that runs is ready; fails where one ended that should not have."""
        deadline = time.monotonic() + within
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while True:
                self.check_members()
                running = [member for member in self.members if member.worker.running]
                waiting = [member for member in running if not await _is_ready(member, session)]
                if not waiting:
                    return
                if time.monotonic() > deadline:
                    said = "\n".join(f"{member.name}:\n{member.worker.tail(20)}" for member in waiting)
                    raise AssertionError(f"not ready after {within:.0f} s:\n{said}")
                await asyncio.sleep(0.2)

    def check_members(self) -> None:
        """No worker may have ended unless it was meant to."""
        problems = [member.problem for member in self.members if member.problem]
        if problems:
            raise AssertionError("\n".join(problems))

    async def group_log(self) -> GroupLog:
        """What Kafka noted about the group in this scenario."""
        return await group_log(self.cluster.bootstrap, GROUP, self.began)

    async def committed(self, places: Iterable[Place]) -> dict[Place, int]:
        """The group's offsets in the sources of some partitions of groups, added up; raises KafkaError."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.cluster.bootstrap, request_timeout_ms=5_000)
        await admin.start()
        try:
            wanted = {
                TopicPartition(topic, partition): (group, partition)
                for group, partition in places
                for topic in GROUP_BY_NAME[group].sources
            }
            found = await committed_offsets(admin, GROUP, list(wanted))
        finally:
            await admin.close()
        sums = dict.fromkeys(wanted.values(), 0)
        for tp, offset in found.items():
            sums[wanted[tp]] += offset
        return sums

    def trouble(self, allowed: re.Pattern[str]) -> list[str]:
        """Lines of all workers' logs that none should write."""
        return [line for member in self.members for line in member.trouble(allowed)]


async def _is_ready(member: Member, session: aiohttp.ClientSession) -> bool:
    try:
        return await member.worker.is_ready(session)
    except TimeoutError:
        return False
