"""Windows over HTTP against the reference model: real data, two workers, restarts and a rebalance in the middle.

STAYSHELF_TEST_ROWS=all asks 5,000 questions about every booking and 300,000 sales; without it a part of that."""

import asyncio
import os
import time

import aiohttp
import pytest

from app.simulator.outgoing import Outgoing
from app.simulator.reference.answers import Answers
from app.simulator.reference.model import Reference
from app.simulator.scenario import Scenario, Shares
from tests.broker.answers_over_http import Fleet
from tests.broker.datasets import journey, resort
from tests.broker.harness import Harness
from tests.broker.load import interleaved, troubled
from tests.broker.waiting import scraped, until
from tests.broker.window_questions import KINDS, questions
from tests.broker.workers import Worker

pytestmark = pytest.mark.broker

ALL = os.environ.get("STAYSHELF_TEST_ROWS") == "all"
BOOKINGS, SALES, QUESTIONS = (None, 300_000, 5_000) if ALL else (1_500, 6_000, 400)
LATE_EVENTS = 3_000


class Late:
    """Events too late for a pane, as all workers together have counted them, those that are gone by now included."""

    def __init__(self) -> None:
        self._gone = dict.fromkeys(KINDS, 0.0)

    async def leaves(self, worker: Worker) -> None:
        """Take down what a worker has counted, for it is going to stop."""
        self._gone = await self.counted([worker])

    async def counted(self, workers: list[Worker]) -> dict[str, float]:
        """By kind of windows."""
        found = dict(self._gone)
        for worker in workers:
            for kind in KINDS:
                found[kind] += await scraped(worker, f'stayshelf_late_dropped_total{{window="{kind}"}}') or 0.0
        return found


async def wrong(harness: Harness, model: Reference, count: int) -> list[str]:
    """Questions whose answer is not the model's, with both."""
    answers = Answers(model)
    asked = questions(answers, count)
    async with aiohttp.ClientSession() as session:
        found = await Fleet([worker.url for worker in harness.workers if worker.running], session).windows(asked)
    assert sum(map(bool, found.values())) > count / 4, "most questions are about something"
    return [
        f"{q}: expected {answers.windows(q)[:2]}, found {found[q][:2]}" for q in asked if found[q] != answers.windows(q)
    ]


async def assert_the_model_s(harness: Harness, late: Late, count: int) -> dict[str, float]:
    await harness.until_applied()
    model, _log = await harness.model()

    async def first_wrong() -> list[str]:
        return (await wrong(harness, model, count))[:3]

    # Committed is not yet queryable: rows are readable a moment after their transaction.
    await until(first_wrong, equals=[], within=60)
    expected = {kind: float(model.windows[kind].late) for kind in KINDS}
    running = [worker for worker in harness.workers if worker.running]
    await until(lambda: late.counted(running), equals=expected)
    return expected


async def test_windows_and_what_came_too_late_are_the_model_s(harness: Harness) -> None:
    records = list(troubled(interleaved(resort(BOOKINGS), journey(SALES)), again=0.05, spoiled=0.02))
    third, late = len(records) // 3, Late()
    first, second = await harness.start(2)
    await harness.send(records[:third])
    await harness.until_applied()
    await late.leaves(second)
    second.stop()
    await harness.send(records[third : 2 * third])
    second.start()
    sending = asyncio.create_task(harness.send(records[2 * third :]))
    await second.ready()
    await sending
    await harness.until_applied()
    await late.leaves(first)
    first.stop()
    first.start()
    await first.ready()
    await assert_the_model_s(harness, late, QUESTIONS)
    # Now everything of that has expired, and some of what comes is late.
    await harness.send(two_days(LATE_EVENTS))
    assert all((await assert_the_model_s(harness, late, QUESTIONS // 4)).values())


def two_days(count: int) -> list[Outgoing]:
    start = int(time.time() * 1000) - 3 * 24 * 3_600_000
    scenario = Scenario(5, start=start, rate=0.02, shares=Shares(late=0.2))
    return [record._replace(due=None) for record in scenario.records(count)]
