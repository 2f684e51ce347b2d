"""Brokers that die, and brokers that are restarted one after another."""

import asyncio
import time

from tests.chaos.stage import Stage

#: Longer than the controller waits for a silent broker: its partitions must find other leaders.
AWAY_SECONDS = (10.0, 14.0)


async def kill_brokers(stage: Stage, count: int) -> None:
    """kill -9 of one broker after another, each back in sync before the next; every second time a worker dies too."""
    for number in range(count):
        await stage.cluster.healthy()
        broker = stage.rng.randrange(stage.cluster.count) + 1
        with stage.journal.fault("broker kill -9") as fault:
            began = time.monotonic()
            await asyncio.to_thread(stage.cluster.kill, broker)
            if number % 2:
                await asyncio.sleep(stage.rng.uniform(0, 3))
                with stage.journal.fault("kill while a broker is away") as other:
                    victim = stage.rng.choice(stage.members)
                    other.evidence = victim.kill()
                    victim.start()
            await asyncio.sleep(stage.rng.uniform(*AWAY_SECONDS))
            if await asyncio.to_thread(stage.cluster.is_gone, broker):
                fault.evidence = f"broker {broker} was gone for {time.monotonic() - began:.1f} s"
            await asyncio.to_thread(stage.cluster.revive, broker)
            await stage.cluster.healthy()
        stage.check_members()


async def roll_brokers(stage: Stage) -> None:
    """Every broker is restarted in its turn, as for an upgrade."""
    for broker in range(1, stage.cluster.count + 1):
        await stage.cluster.healthy()
        with stage.journal.fault("broker restart") as fault:
            await asyncio.to_thread(stage.cluster.stop, broker)
            if await asyncio.to_thread(stage.cluster.is_gone, broker):
                fault.evidence = f"broker {broker} ended on SIGTERM"
            await asyncio.to_thread(stage.cluster.revive, broker)
            await stage.cluster.healthy()
        stage.check_members()
