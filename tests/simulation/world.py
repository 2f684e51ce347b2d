"""One run: workers on a simulated Kafka, traffic, what goes wrong, and what must hold. The same seed, the same run."""

import asyncio
import gc
import hashlib
import logging
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import Context
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from unittest.mock import patch

import aiokafka.producer.producer
from aiokafka import TopicPartition

import app.engine.changelog_reader
import app.engine.engine
import app.engine.quarantine
import app.engine.repair
import app.engine.rocksdb
import app.engine.storage
import app.engine.task
from app.engine.group import GROUP_BY_NAME
from app.engine.task import TaskId
from app.simulator.reference.record import LogRecord
from tests.simulation import checks, disk
from tests.simulation.broker import Broker
from tests.simulation.clients import Admin, Client, Line, LogConsumer, Producer
from tests.simulation.disk import Disk, read_all
from tests.simulation.faults import Fault, plan
from tests.simulation.network import Network
from tests.simulation.traffic import TASKS, traffic
from tests.simulation.virtual_time import Killed, Loop, Process, Stuck, clocks_of
from tests.simulation.worker import Worker

CLOCKS = [module for name, module in sorted(sys.modules.items()) if name.startswith("app.engine.")]
WORKERS_MAX = 4
TROUBLE_S = 12.0
HEALED_S = 90.0
SPARE_RECORDS = 5
LOOK_S = 0.4
SPOILED = ("lost", "damaged", "alien", "older")


class Result(NamedTuple):
    """What a run showed: differences (none, if all is well), faults that happened, and a digest of its every step."""

    seed: int
    problems: list[str]
    happened: Counter[str]
    digest: str
    seconds: float
    commits: int


class World:
    """Everything of one seed."""

    def __init__(self, seed: int, directory: Path) -> None:
        self.rng = Random(seed)
        self.loop = Loop()
        self.directory = directory
        self.problems: list[str] = []
        self.happened: Counter[str] = Counter()
        self.is_healing = False
        self.broker = Broker(self.rng, self.loop, tasks=TASKS, standbys=self.rng.choice((0, 1, 1, 2)))
        self.network = Network(self.loop, self.rng, self.broker, self._at)
        self.disk = Disk(self.rng, self._at, self._written)
        self.workers: dict[str, Worker] = {}
        self.sources: list[LogRecord] = []
        self._armed: list[Fault] = []
        self._numbers = 0
        self._strangers: list[Any] = []

    # What happens at the points of a request's way and of a write

    def _at(self, process: Process | None, point: str) -> str | None:
        if process is None or self.is_healing or not self._armed:
            return None
        for fault in self._armed:
            if fault.point == point:
                self._armed.remove(fault)
                return self._strike(fault, process)
        return None

    def _strike(self, fault: Fault, process: Process) -> str | None:
        self.happened[f"{fault.action} at {fault.point}"] += 1
        if fault.action == "crash":
            self.crash(self.workers[process.name])
            if fault.point in ("write", "written") or str(fault.point).startswith("send"):
                raise Killed
        elif fault.action == "stall":
            self.stall(process, fault.seconds)
        elif fault.action == "refused":
            self.broker.refusing += 1
        elif fault.action == "unreadable":
            self._do_unreadable(self.workers[process.name], fault.seconds)
            return "slow"
        elif fault.action == "fails":
            process.context.run(self._agent_fails, process)
            return "slow"
        else:
            return fault.action
        return None

    def _written(self, process: Process | None, path: str, changes: list[disk.Change]) -> None:
        problem = checks.uncommitted(self.broker, path, changes)
        if problem:
            self.problems.append(f"{self.loop.now:.3f} {process.name if process else ''}: {problem}")

    # Workers

    def start(self, name: str) -> None:
        """A new process in the worker's directory."""
        process = Process(self.loop, name)
        worker = Worker(name, self.directory / name, process, Line(self.network, self.rng))
        self.workers[name] = worker
        process.start(worker.run())

    def start_new(self) -> None:
        """One more worker, with an empty directory."""
        self._numbers += 1
        self.start(f"w{self._numbers}")

    def running(self) -> list[Worker]:
        """Workers whose process is there, paused ones too."""
        return [worker for worker in self.workers.values() if worker.process.state != "dead"]

    def crash(self, worker: Worker) -> None:
        """kill -9, and a start some time later: from its disk, an old one, or none."""
        self._ended(worker)
        self.disk.crash(self._path(worker.name))
        delay = self.rng.choice((0.05, 0.5, 3.0, 8.0))
        if how := self.rng.choice((*SPOILED, *[None] * 6)):
            self.happened[f"{how} disk"] += 1
            self.disk.spoil(self._path(worker.name), how)
        self.loop.later(delay, self._restart, worker.name)

    def _path(self, name: str) -> str:
        return f"{self.directory / name}/"

    def _ended(self, worker: Worker) -> None:
        worker.process.kill()

    def _restart(self, name: str) -> None:
        if self.workers[name].process.state == "dead":
            self.start(name)

    def stall(self, process: Process, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after so many seconds."""
        process.pause()
        self.loop.later(seconds, process.resume)

    def _agent_fails(self, process: Process) -> None:
        """An agent raises something that has nothing to do with Kafka or the disk."""
        app = self.workers[process.name].app
        if app is not None and process.state == "running":
            app.engine.agent_failed(ValueError("an agent failed"))

    # Faults by the clock

    def _due(self, fault: Fault) -> None:
        if self.is_healing:
            return
        if fault.point is not None:
            self._armed.append(fault)
            return
        workers = [worker for worker in self.running() if worker.app is not None]
        if workers and getattr(self, f"_do_{fault.action}")(self.rng.choice(workers), fault.seconds):
            self.happened[fault.action] += 1

    def _do_crash(self, worker: Worker, _seconds: float) -> bool:
        self.crash(worker)
        return True

    def _do_stall(self, worker: Worker, seconds: float) -> bool:
        self.stall(worker.process, seconds)
        return True

    def _do_cut(self, worker: Worker, seconds: float) -> bool:
        self.network.cut.add(worker.process)
        self.loop.later(seconds, self.network.cut.discard, worker.process)
        return True

    def _do_join(self, _worker: Worker, _seconds: float) -> bool:
        if len(self.running()) >= WORKERS_MAX:
            return False
        self.start_new()
        return True

    def _do_leave(self, worker: Worker, seconds: float) -> bool:
        if worker.process.state != "running" or worker.app is None:
            return False
        leaving = worker.process.start(worker.app.leave())

        def left(_done: Any) -> None:
            if worker.process.state == "running":
                self._ended(worker)
                self.loop.later(seconds, self._restart, worker.name)

        leaving.add_done_callback(left, context=Context())
        return True

    def _do_compact(self, _worker: Worker, _seconds: float) -> bool:
        changelogs = [TopicPartition(GROUP_BY_NAME[group].changelog, n) for group, n in TASKS]
        return sum(self.broker.partitions[tp].compact(SPARE_RECORDS) for tp in changelogs) > 0

    def _do_unreadable(self, worker: Worker, _seconds: float) -> bool:
        paths = self.disk.of(self._path(worker.name))
        if paths:
            self.disk.unreadable.add(self.rng.choice(paths))
        return bool(paths)

    def _do_full(self, worker: Worker, seconds: float) -> bool:
        """The disk takes nothing more for some time."""
        path = self._path(worker.name)
        self.disk.full.add(path)
        self.loop.later(seconds, self.disk.full.discard, path)
        return True

    def _do_hijack(self, worker: Worker, _seconds: float) -> bool:
        """Somebody else asks for the worker's transactional id."""
        self.broker.transactions.init(f"stayshelf-{worker.name}", 10_000)
        return True

    def _do_stranger(self, _worker: Worker, seconds: float) -> bool:
        """A producer of its own leaves a transaction open on a source, and ends it later."""
        name, transactions = f"stranger-{len(self._strangers)}", self.broker.transactions
        _, *producer = transactions.init(name, 60_000)
        self._strangers.append(name)
        group, n = self.rng.choice(TASKS)
        tp = TopicPartition(GROUP_BY_NAME[group].sources[0], n)
        transactions.add_partitions(name, tuple(producer), [tp])
        self.broker.partitions[tp].append([(0, b"k", b"aborted", ())], transactions.writable(tuple(producer), tp)[1])
        self.loop.later(seconds, transactions.end, name, tuple(producer), "abort")
        return True

    # The run

    def _look_after(self) -> None:
        """A worker whose service has failed ends, and is started again."""
        for worker in self.running():
            if failures := worker.unexpected():
                self.problems += [f"{worker.name}: {failure}" for failure in failures]
                self.crash(worker)
        self.loop.later(LOOK_S, self._look_after)

    async def _run(self) -> None:
        self._look_after()
        faults = self.rng.choice((0, 2, 4, 5, 6, 8))
        for arriving in traffic(self.rng, bursts=self.rng.randrange(7, 16), seconds=TROUBLE_S):
            self.loop.outside(arriving.at, self._arrive, arriving)
        for fault in plan(self.rng, faults=faults, seconds=TROUBLE_S):
            self.loop.outside(fault.at, self._due, fault)
        for _ in range(self.rng.randrange(1, 4)):
            self.start_new()
        await asyncio.sleep(TROUBLE_S)
        await self._heal()
        self._check()

    def _arrive(self, record: Any) -> None:
        log = self.broker.partitions[TopicPartition(record.topic, record.partition)]
        offset = log.append([(record.timestamp, record.key, record.value, ())])
        self.sources.append(LogRecord(record.topic, record.partition, offset, *record[3:]))

    async def _heal(self) -> None:
        """Nothing goes wrong any more, and everybody is there again; until all is read, and no longer."""
        self.is_healing = True
        self._armed.clear()
        self.network.cut.clear()
        self.disk.unreadable.clear()
        self.disk.full.clear()
        self.broker.refusing = 0
        deadline = self.loop.now + HEALED_S
        while left := self._left():
            if self.loop.now > deadline:
                self.problems += [f"not done {HEALED_S:.0f} s after all was healed: {what}" for what in left]
                return
            await asyncio.sleep(0.3)

    def _left(self) -> list[str]:
        """What is not done yet."""
        left = checks.unread(self.broker)
        if not self.broker.transactions.is_idle():
            left.append("a transaction is open")
        owners: Counter[TaskId] = Counter()
        for worker in self.running():
            tasks = worker.app.engine.tasks.held() if worker.app is not None else []
            owners.update(task.id for task in tasks if task.role == "active" and task.ready)
            left += [
                f"{worker.name} holds {task.group}-{task.partition} up to {task.store.changelog_offset}"
                for task in tasks
                if not task.ready or checks.is_behind(self.broker, task)
            ]
        return left + [f"{task} has {owners[task]} owners" for task in TASKS if owners[task] != 1]

    def _check(self) -> None:
        tasks = [task for worker in self.running() if worker.app for task in worker.app.engine.tasks.held()]
        active = [task for task in tasks if task.role == "active"]
        self.problems += checks.differences(self.broker, self.sources, active)
        for task in tasks:
            files = self.disk.files[str(task.store.directory)]
            self.problems += checks.unlike_changelog(self.broker, *task.id, dict(read_all(files)))

    def run(self) -> None:
        """From beginning to end."""
        try:
            self.loop.run_until_complete(self.loop.create_task(self._run()))
        except Stuck as stuck:
            self.problems.append(f"stuck: {stuck}")
        finally:
            self.loop.discard()

    def digest(self) -> str:
        """A hash of every request there was, and of every record."""
        found = hashlib.blake2b(repr(self.network.trace).encode(), digest_size=8)
        for tp, log in self.broker.partitions.items():
            if log.end:
                found.update(repr((tp, log.end, [record[2:4] for record in log.decided()])).encode())
        return found.hexdigest()


async def _topic_ids(_admin: Any, topics: Any) -> dict[str, bytes]:
    return {topic: topic.encode()[-16:] for topic in topics}


@contextmanager
def _quiet_garbage() -> Iterator[None]:
    """Collect what a run leaves once, at its end; of what was never finished nobody need hear."""
    gc.collect()
    gc.freeze()
    gc.disable()
    hook, sys.unraisablehook = sys.unraisablehook, lambda _args: None
    try:
        with warnings.catch_warnings(action="ignore"):
            try:
                yield
            finally:
                gc.collect()
    finally:
        sys.unraisablehook = hook
        gc.enable()
        gc.unfreeze()


@contextmanager
def seams() -> Iterator[None]:
    """The lowest parts of the engine are the simulation's: clients, RocksDB, clocks, log lines."""
    storage, reader = app.engine.storage, app.engine.changelog_reader
    with ExitStack() as stack:
        for place, name, part in (
            (aiokafka.producer.producer, "AIOKafkaClient", Client),
            (app.engine.engine, "TransactionalProducer", Producer),
            (reader, "AIOKafkaConsumer", LogConsumer),
            (reader, "AIOKafkaAdminClient", Admin),
            (reader, "topic_ids", _topic_ids),
            (app.engine.rocksdb, "Rdict", disk.Store),
            (app.engine.rocksdb, "_options", lambda: None),
            (storage, "WriteBatch", disk.Batch),
            (storage, "ReadOptions", disk.Bounds),
            (app.engine.quarantine, "set_aside", disk.set_aside),
            (app.engine.task, "set_aside", disk.set_aside),
            (app.engine.repair, "_takes", disk.takes),
        ):
            stack.enter_context(patch.object(place, name, part))
        disabled = logging.root.manager.disable
        logging.disable(logging.CRITICAL)
        stack.callback(logging.disable, disabled)
        yield


def simulate(seed: int) -> Result:
    """Run one seed; of its directory only names are used, what is in it is simulated."""
    with seams(), _quiet_garbage(), tempfile.TemporaryDirectory() as directory:
        return _simulated(seed, Path(directory))


def _simulated(seed: int, directory: Path) -> Result:
    world = World(seed, directory)
    disk.DISK.append(world.disk)
    try:
        with clocks_of(world.loop, CLOCKS):
            world.run()
    finally:
        disk.DISK.pop()
    commits = world.network.sent["EndTxnRequest"]
    return Result(seed, world.problems, world.happened, world.digest(), world.loop.now, commits)
