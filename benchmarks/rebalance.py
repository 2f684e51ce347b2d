"""Rebalances under load: how long each partition stands still, and what clients see, when workers come, go and die."""

import asyncio
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise
from statistics import median
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from app.engine.changelog import POSITION_KEY
from app.engine.group import GROUPS
from app.engine.topic_admin import create_missing, reached
from app.engine.topic_specs import SPECS
from app.settings import Settings
from benchmarks.asking import Askers
from benchmarks.fleet import Fleet, Member
from benchmarks.traffic import questions

WORKERS = 3
#: Traffic alone before the first change, and after each change before the next.
QUIET_S = 8.0
_RUN_S_MAX = 600

Moments = dict[tuple[str, int], list[int]]
Step = Callable[[], Awaitable[None]]


async def measure(broker: str, rate: float) -> AsyncIterator[dict[str, Any]]:
    """A line for each kind of change, in the order in which they were made."""
    await _fresh_topics(broker)
    with Fleet(broker, WORKERS) as fleet, _Traffic(broker, rate):
        windows: dict[str, tuple[int, int, dict[str, Any]]] = {}
        askers = Askers(fleet.members, questions())
        await _start(fleet.members[:2])
        await askers.until_answered()
        askers.start()
        for name, step in _steps(fleet).items():
            askers.next_phase()
            began = _now_ms()
            await step()
            await asyncio.sleep(QUIET_S)
            windows[name] = began, _now_ms(), askers.next_phase().summary()
        await askers.stop()
    moments = await _commits(broker)
    for name, (began, ended, seen) in windows.items():
        yield {"job": "rebalance", "change": name, "rate": rate} | _stalls(moments, began, ended) | seen


def _steps(fleet: Fleet) -> dict[str, Step]:
    last = fleet.members[-1]

    async def nothing() -> None:
        pass

    async def join() -> None:
        await _start([last])

    async def leave() -> None:
        await last.leave()

    async def kill() -> None:
        await last.leave(signal.SIGKILL)
        await asyncio.sleep(QUIET_S)

    async def roll() -> None:
        for member in fleet.members:
            await member.leave()
            await _start([member])
            await asyncio.sleep(QUIET_S / 2)

    return {
        "none": nothing, "join": join, "leave": leave, "come back": join, "kill -9": kill, "come back after -9": join,
        "rolling restart": roll,
    }  # fmt: skip


async def _start(members: list[Member]) -> None:
    for member in members:
        member.start()
    await asyncio.gather(*[member.ready() for member in members])


def _now_ms() -> int:
    return int(time.time() * 1000)


async def _fresh_topics(broker: str) -> None:
    settings = Settings(_env_file=None, broker=f"kafka://{broker}", replication_factor=1)
    ours = {spec.name for spec in SPECS}
    async with reached({"bootstrap_servers": broker}, print) as admin:
        while there := ours & set(await admin.list_topics()):
            await admin.delete_topics(sorted(there))
            await asyncio.sleep(0.5)
        await create_missing(admin, settings, SPECS)


class _Traffic:
    """The sending process."""

    def __init__(self, broker: str, rate: float) -> None:
        given = ["--broker", broker, "--rate", str(rate), "--seconds", str(_RUN_S_MAX)]
        self._command = [sys.executable, "-m", "benchmarks.traffic", *given]

    def __enter__(self) -> None:
        self._process = subprocess.Popen(self._command, start_new_session=True)

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


async def _commits(broker: str) -> Moments:
    """For each changelog partition when (epoch ms) its committed batches were made, read after everything."""
    partitions = [TopicPartition(group.changelog, number) for group in GROUPS for number in range(group.partitions)]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker, isolation_level="read_committed", enable_auto_commit=False, max_poll_records=50_000
    )
    await consumer.start()
    found: Moments = defaultdict(list)
    try:
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(tp) < ends[tp] for tp in partitions]):
            for tp, batch in (await consumer.getmany(timeout_ms=500)).items():
                found[tp.topic, tp.partition] += [record.timestamp for record in batch if record.key == POSITION_KEY]
    finally:
        await consumer.stop()
    return found


def _stalls(moments: Moments, began: int, ended: int) -> dict[str, Any]:
    """The longest gap between two commits of each partition, seconds, in a span of time."""
    longest: dict[tuple[str, int], float] = {}
    for place, times in moments.items():
        within = [began, *[at for at in times if began <= at < ended], ended]
        longest[place] = max(b - a for a, b in pairwise(within)) / 1000
    worst = max(longest, key=lambda place: longest[place])
    return {
        "longest_stall_s": round(longest[worst], 2), "of": f"{worst[0]}-{worst[1]}",
        "median_stall_s": round(median(longest.values()), 2),
    }  # fmt: skip
