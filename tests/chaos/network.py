"""Faults between workers and brokers: connections cut or frozen, delays, the end of a transaction held back."""

import asyncio
import time
from collections.abc import Callable

from tests.chaos.proxy import END_TXN, Hold, Proxy
from tests.chaos.stage import Lines, Stage

INIT_PRODUCER_ID = 22
CAUGHT_SECONDS = 20.0
GIVEN_UP_SECONDS = 60.0


async def cut(stage: Stage, lines: Lines, seconds: float) -> None:
    """Every connection of a worker ends, and none can be made for a while."""
    with stage.journal.fault("network cut") as fault:
        before = sum(line.broken for line in lines)
        for line in lines:
            line.cut()
        await asyncio.sleep(seconds)
        if broken := sum(line.broken for line in lines) - before:
            fault.evidence = f"{broken} connections broken or refused in {seconds:.1f} s"
        for line in lines:
            line.heal()


async def freeze(stage: Stage, lines: Lines, seconds: float) -> None:
    """Connections stay, and nothing passes: to the worker its brokers are silent."""
    with stage.journal.fault("network freeze") as fault:
        for line in lines:
            line.freeze()
        await asyncio.sleep(0.5)  # what was under way has arrived
        before = sum(line.passed for line in lines)
        await asyncio.sleep(seconds)
        waiting, passed = sum(line.waiting for line in lines), sum(line.passed for line in lines) - before
        if waiting and not passed:
            fault.evidence = f"{waiting} messages waited, none passed for {seconds:.1f} s"
        for line in lines:
            line.heal()


async def delay(stage: Stage, lines: Lines, seconds: float, by_s: float) -> None:
    """Every request takes longer."""
    with stage.journal.fault("network delay") as fault:
        before = sum(line.delayed for line in lines)
        for line in lines:
            line.delay_s = by_s
        await asyncio.sleep(seconds)
        for line in lines:
            line.heal()
        if delayed := sum(line.delayed for line in lines) - before:
            fault.evidence = f"{delayed} requests delayed by {by_s * 1000:.0f} ms"


async def hold_end(stage: Stage, lines: Lines, seconds: float) -> None:
    """The request that ends a transaction comes late, but comes."""
    with stage.journal.fault("EndTxn held") as fault:
        line, hold = await _caught(lines, answer=False)
        await asyncio.sleep(seconds)
        hold.release()
        if await _until(hold.delivered.is_set, 5.0):
            fault.evidence = f"held for {seconds:.1f} s, then delivered"
        line.release()


async def hold_end_until_given_up(stage: Stage, lines: Lines) -> None:
    """The worker gives a held EndTxn up and starts over; then the old request arrives, and must be refused."""
    with stage.journal.fault("EndTxn held until given up") as fault:
        line, hold = await _caught(lines, answer=False)
        seconds = await _given_up(lines)
        code = await line.deliver_late(hold)
        assert code != 0, "a transaction was ended by a request from before its producer"
        fault.evidence = f"given up after {seconds:.1f} s, then refused with error {code}"
        line.release()


async def hold_answer_until_given_up(stage: Stage, lines: Lines) -> None:
    """The transaction is ended, and nobody tells the worker."""
    with stage.journal.fault("EndTxn unanswered") as fault:
        line, hold = await _caught(lines, answer=True)
        seconds = await _given_up(lines)
        fault.evidence = f"given up after {seconds:.1f} s"
        line.release()
        assert hold.caught.is_set()


async def _caught(lines: Lines, *, answer: bool) -> tuple[Proxy, Hold]:
    holds = [(line, line.hold(END_TXN, answer=answer)) for line in lines]
    assert await _until(lambda: any(hold.caught.is_set() for _, hold in holds), CAUGHT_SECONDS), "nothing was committed"
    caught = [(line, hold) for line, hold in holds if hold.caught.is_set()]
    for line, hold in holds:
        if not hold.caught.is_set():
            line.holds.remove(hold)
    return caught[0]


async def _given_up(lines: Lines) -> float:
    """Seconds until the worker has asked for a new producer and has ended a transaction by it."""
    began = time.monotonic()
    asked = sum(line.requests[INIT_PRODUCER_ID] for line in lines)
    assert await _until(lambda: sum(line.requests[INIT_PRODUCER_ID] for line in lines) > asked, GIVEN_UP_SECONDS), (
        "the worker never gave its producer up"
    )
    seconds = time.monotonic() - began
    ended = sum(line.requests[END_TXN] for line in lines)
    assert await _until(lambda: sum(line.requests[END_TXN] for line in lines) > ended, GIVEN_UP_SECONDS), "it stands"
    return seconds


async def _until(condition: Callable[[], bool], within: float) -> bool:
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True
