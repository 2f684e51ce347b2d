"""Windows over HTTP against the reference model: real data, two workers, restarts and rebalances in the middle.

STAYSHELF_TEST_QUESTIONS says how many are asked; STAYSHELF_TEST_ROWS=all sends every booking and 300,000 sales."""

import asyncio
import os
import time
from collections.abc import Coroutine
from typing import Any

import aiohttp
import pytest

from app.simulator.outgoing import Outgoing
from app.simulator.reference.answers import Answers
from app.simulator.reference.model import Reference
from app.simulator.resort.happening import Happening
from app.simulator.resort.log import BOOKING_WRITERS, FIRST_VERSION, mixed
from app.simulator.scenario import Scenario, Shares
from tests.broker.answers_over_http import Fleet
from tests.broker.datasets import journey, resort
from tests.broker.harness import Harness
from tests.broker.load import interleaved, troubled
from tests.broker.waiting import scraped, until
from tests.broker.window_questions import KINDS, questions
from tests.broker.workers import Worker

pytestmark = [pytest.mark.broker, pytest.mark.scenario]

ALL = os.environ.get("STAYSHELF_TEST_ROWS") == "all"
BOOKINGS, SALES = (None, 300_000) if ALL else (1_500, 6_000)
QUESTIONS = int(os.environ.get("STAYSHELF_TEST_QUESTIONS", "400"))
LATE_EVENTS = 3_000
#: Sent and applied before the next are sent, while workers come and go.
FEW = 100


class Late:
    """Events too late for a pane, as all workers together have counted them, those that are gone by now included.

    A process takes its counters with it: they are taken down before it ends, while there is nothing late to be applied.
    """

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


async def flowing(harness: Harness, records: list[Outgoing], change: Coroutine[Any, Any, None]) -> None:
    """Send and apply some records after others while workers change, and then the rest."""
    changing, sent = asyncio.create_task(change), 0
    while not changing.done():
        await harness.send(records[sent : sent + FEW])
        sent += FEW
        await harness.until_applied()
    await changing
    assert sent > FEW, "some were sent and applied before all workers were back"
    await harness.send(records[sent:])


async def come_back(worker: Worker, *, killed: bool) -> None:
    await asyncio.to_thread(worker.kill if killed else worker.stop)
    await worker.start().ready()


async def join(harness: Harness) -> None:
    await harness.start(1)


async def test_windows_and_what_came_too_late_are_the_model_s(harness: Harness) -> None:
    timely, untimely = real_data()
    third, late = len(timely) // 3, Late()
    first, second = await harness.start(2)
    await harness.send(timely[:third])
    await flowing(harness, timely[third : 2 * third], come_back(second, killed=False))
    await flowing(harness, timely[2 * third :], come_back(first, killed=True))
    assert not any((await assert_the_model_s(harness, late, QUESTIONS // 2)).values()), "what ended took no count along"
    # Now everything of that expires, and some of what comes is late.
    await flowing(harness, two_days(LATE_EVENTS), join(harness))
    expected = await assert_the_model_s(harness, late, QUESTIONS // 4)
    assert all(expected.values())
    await late.leaves(first)
    first.stop()
    await harness.send(untimely)
    assert (await assert_the_model_s(harness, late, QUESTIONS // 4))["bookings"] > expected["bookings"]


def real_data() -> tuple[list[Outgoing], list[Outgoing]]:
    """Events in the order of their time; and first versions of bookings, which say no time: they occur when sent."""
    stays = resort(BOOKINGS)
    timely = [each for each in stays if each.topic != "booking-events" or not says_no_time(each)]
    untimely = [each for each in stays if each.topic == "booking-events" and says_no_time(each)]
    records = list(troubled(interleaved(timely, journey(SALES)), again=0.05, spoiled=0.02))
    return records, list(mixed(untimely))


def says_no_time(booking: Happening) -> bool:
    return BOOKING_WRITERS[booking.number % len(BOOKING_WRITERS)] in (FIRST_VERSION, None)


def two_days(count: int) -> list[Outgoing]:
    start = int(time.time() * 1000) - 3 * 24 * 3_600_000
    scenario = Scenario(5, start=start, rate=0.02, shares=Shares(late=0.2))
    return [record._replace(due=None) for record in scenario.records(count)]
