"""Workers that stand still for longer than their group waits, and wake up when others have their partitions."""

import asyncio
import signal
import time

import aiohttp
from aiokafka.errors import KafkaError

from tests.broker.workers import Worker
from tests.chaos.crashes import POINT_SECONDS
from tests.chaos.fleet import Member, Place, points_for, topology
from tests.chaos.journal import Fault
from tests.chaos.stage import Stage

MOVED_SECONDS = 90.0
TRIES = 3  # a sleeper that held nothing yet does not count
AT_RANDOM = "at random"
#: Where a sleeper does the most harm: in the middle of what it is about to make true.
SLEEPS = (AT_RANDOM, "after-decode", "after-produce", "after-offsets", "before-end-txn", "after-end-txn")


async def sleep_and_wake(stage: Stage, count: int) -> None:
    """One worker after another is stopped until its partitions have moved and have gone on, then goes on itself."""
    for number in range(TRIES * count):
        if stage.journal.effective("zombie") == count:
            return
        await stage.ready()
        await sleep_once(stage, stage.rng.choice(stage.members), SLEEPS[number % len(SLEEPS)])


async def sleep_once(stage: Stage, victim: Member, where: str) -> None:
    """One sleep, from before it until the sleeper is back."""
    other = next(member for member in stage.members if member is not victim and member.worker.running)
    if where != AT_RANDOM:
        await victim.terminate()
        victim.start(points_for(stage.rng, [where], signal.SIGSTOP))
    with stage.journal.fault(f"zombie {where}") as fault:
        if where == AT_RANDOM:
            await asyncio.sleep(stage.rng.uniform(0, 0.5))
            victim.worker.send(signal.SIGSTOP)
        elif not await victim.until_at_its_point(POINT_SECONDS):
            return
        try:
            await _moved(stage, victim, other, fault)
            await asyncio.sleep(stage.rng.uniform(0, 3))
        finally:
            victim.worker.send(signal.SIGCONT)
    await stage.ready()


async def _moved(stage: Stage, victim: Member, other: Member, fault: Fault) -> None:
    """Wait until others have what the sleeper had, and have committed beyond where it stood."""
    began = time.monotonic()
    had = await _held(other.worker, victim.worker.url)
    if not had:
        return  # it fell asleep before it had anything: nothing is shown
    before = await stage.committed(had)
    moved_after = 0.0
    while time.monotonic() - began < MOVED_SECONDS:
        await asyncio.sleep(0.3)
        try:
            if not moved_after and not await _held(other.worker, victim.worker.url):
                moved_after = time.monotonic() - began
            now = await stage.committed(had)
        except (KafkaError, aiohttp.ClientError, TimeoutError):
            continue
        if moved_after and any(now[place] > before[place] for place in before):
            fault.evidence = f"pid {victim.worker.pid}: {len(had)} partitions moved after {moved_after:.1f} s"
            return
    raise AssertionError(f"{victim.name} stands still for {MOVED_SECONDS:.0f} s, and nobody took its partitions")


async def _held(worker: Worker, url: str) -> set[Place]:
    return (await topology(worker)).actives.get(url, set())
