"""Workers that die: at named places of the engine, at random moments, several at once."""

import asyncio
import signal
from collections.abc import Iterator, Sequence

from tests.chaos.fleet import Member, points_for
from tests.chaos.points import POINTS
from tests.chaos.stage import Stage

POINT_SECONDS = 90.0  # of which a start takes most where processors are few
LEAVING = "while-leaving"


async def crash_at_points(stage: Stage, kills: int, points: Sequence[str] = tuple(POINTS)) -> None:
    """Each worker by itself: start with a place to die at, die there, start again; until there were enough kills."""
    left = iter([points[number % len(points)] for number in range(kills)])
    await asyncio.gather(*(_die_again_and_again(stage, member, left) for member in stage.members))


async def _die_again_and_again(stage: Stage, member: Member, left: Iterator[str]) -> None:
    member.kill()
    for point in left:
        with stage.journal.fault(f"kill {point}") as fault:
            fault.evidence = await die_at(stage, member, point)
            stage.check_members()
    member.start()
    await stage.ready()


async def die_at(stage: Stage, member: Member, point: str) -> str:
    """Start a worker that dies at a point; says what was seen of it, nothing where it never got there."""
    member.start(points_for(stage.rng, [point], signal.SIGKILL))
    if point == LEAVING:
        await stage.ready()
        member.worker.send(signal.SIGTERM)
    if not await member.until_at_its_point(POINT_SECONDS):
        return ""
    return f"pid {member.worker.pid} got there and ended with {member.worker.status}"


async def crash_at_random(stage: Stage, kills: int, *, pause_s: float) -> None:
    """kill -9 of one or two workers at a time, whatever they are at; they come back at once, or a little later."""
    done = 0
    while done < kills:
        await asyncio.sleep(stage.rng.uniform(0.2, 1.0) * pause_s)
        running = [member for member in stage.members if member.worker.running]
        victims = stage.rng.sample(running, min(stage.rng.choice((1, 1, 2)), len(running) - 1, kills - done))
        for victim in victims:
            with stage.journal.fault("kill at random") as fault:
                fault.evidence = victim.kill()
        done += len(victims)
        await asyncio.sleep(stage.rng.choice((0.0, 0.0, 1.0, 8.0)))
        for victim in victims:
            victim.start()
        stage.check_members()


async def storm(stage: Stage, moves: int, *, pause_s: float) -> None:
    """Workers join, leave and die one after another, before the last move is over; one at least stays."""
    for _ in range(moves):
        await asyncio.sleep(stage.rng.uniform(0.1, 1.0) * pause_s)
        running = [member for member in stage.members if member.worker.running]
        away = [member for member in stage.members if not member.worker.running]
        if away and (len(running) == 1 or stage.rng.random() < 0.5):
            with stage.journal.fault("join") as fault:
                stage.rng.choice(away).start()
                fault.evidence = "started"
        elif stage.rng.random() < 0.5:
            with stage.journal.fault("kill in a storm") as fault:
                fault.evidence = stage.rng.choice(running).kill()
        else:
            with stage.journal.fault("leave") as fault:
                fault.evidence = await stage.rng.choice(running).terminate()
        stage.check_members()
    for member in stage.members:
        if not member.worker.running:
            member.start()
