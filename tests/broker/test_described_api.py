"""What /openapi.json says is what any client gets: while all is well, and while workers are killed."""

import asyncio
import time

import pytest

from app.simulator.reference.answers import Answers
from app.simulator.reference.model import Reference
from app.simulator.scenario import Scenario
from tests.broker.described import REQUESTS, Asked, Known
from tests.broker.harness import Harness

pytestmark = [pytest.mark.broker, pytest.mark.scenario]

EVENTS = 2_000
DOWN_SECONDS = 3.0


def known(model: Reference) -> Known:
    """Ids that exist, by the path they stand in."""
    answers = Answers(model)
    return {
        "/v1/stores:id": answers.store_ids(),
        "/v1/hotels:id": answers.hotel_ids(),
        "/v1/stores:itemId": answers.item_ids(),
        "/v1/items:itemId": answers.item_ids(),
        "/v1/bookings:bookingId": answers.booking_ids(),
        "/v1/payments:paymentId": answers.payment_ids(),
        "/schemas/ids:id": ["1", "5"],
    }


async def filled(harness: Harness, workers: int) -> Known:
    await harness.start(workers)
    start = int(time.time() * 1_000)
    await harness.send(each._replace(due=None) for each in Scenario(3, start=start, rate=1_000).records(EVENTS))
    return known(await harness.check())


async def test_every_answer_is_as_described(harness: Harness) -> None:
    ids = await filled(harness, 1)
    asked = Asked(harness.workers[0].url, ids, restoring=False)
    await asyncio.to_thread(asked.ask_all, REQUESTS)
    assert asked.count >= REQUESTS
    assert set(asked.statuses) == {200, 400, 404}
    assert asked.kinds.keys() == {"positive", "negative"}


async def test_answers_are_as_described_while_workers_are_killed(harness: Harness) -> None:
    ids = await filled(harness, 2)
    asked = Asked(harness.workers[0].url, ids, restoring=True)
    kills = asked_without = 0
    asking = asyncio.create_task(asyncio.to_thread(asked.ask_all, REQUESTS))
    while not asking.done():
        harness.workers[1].kill()
        kills, before = kills + 1, asked.count
        await asyncio.wait({asking}, timeout=DOWN_SECONDS)
        asked_without += asked.count - before
        await harness.workers[1].start().ready()
    await asking
    assert kills
    assert asked_without
    assert asked.statuses[200]
    assert set(asked.statuses) <= {200, 400, 404, 503}
