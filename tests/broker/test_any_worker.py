"""Any worker answers for every row: while others hold it, and while nobody active does."""

import asyncio
import time
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from app.simulator.reference.answers import Answer, Answers
from app.simulator.scenario import Scenario
from tests.broker.harness import Harness
from tests.broker.workers import Worker

pytestmark = [pytest.mark.broker, pytest.mark.scenario]

EVENTS = 4_000
TAKEOVER_SECONDS = 30.0
Expected = dict[str, Answer]


def questions(answers: Answers) -> Expected:
    """Paths, and what they must answer without asOf: some of every kind, over many partitions."""
    asked: Expected = {}
    for store in answers.store_ids()[::3]:
        for row in answers.store_stock(store)[:2]:
            asked[f"/v1/stores/{quote(store)}/stock/{quote(row['itemId'])}"] = row
    for hotel in answers.hotel_ids()[::5]:
        first, end = answers.night_range(hotel)
        nights = answers.availability(hotel, first=first, end=end)
        path = f"/v1/hotels/{hotel}/availability?from={nights[0]['date']}&to={nights[-1]['date']}"
        asked[path] = {"hotelId": hotel, "nights": answers.availability(hotel, first=first, end=end - 1)}
    asked |= {f"/v1/bookings/{each}": answers.bookings(each)[0] for each in answers.booking_ids()[::40]}
    asked |= {f"/v1/payments/{each}": answers.payment(each) or {} for each in answers.payment_ids()[::40]}
    asked |= {f"/v1/items/{each}/stock": answers.item_stock(each) for each in answers.item_ids()[:5]}
    return asked


async def ask(session: aiohttp.ClientSession, worker: Worker, path: str) -> tuple[int, Any, set[str]]:
    """Status, answer without asOf, and the roles of the copies that answered."""
    async with session.get(worker.url + path) as answer:
        body = await answer.json(content_type=None)
    as_of = body.pop("asOf", [])
    return answer.status, body, {part["role"] for part in as_of}


async def filled(harness: Harness, workers: int) -> Expected:
    await harness.start(workers)
    start = int(time.time() * 1_000)
    await harness.send(each._replace(due=None) for each in Scenario(5, start=start, rate=1_000).records(EVENTS))
    return questions(Answers(await harness.check()))


async def test_every_worker_gives_the_same_answer(harness: Harness) -> None:
    expected = await filled(harness, 3)
    async with aiohttp.ClientSession() as session:
        for path, wanted in expected.items():
            found = await asyncio.gather(*(ask(session, worker, path) for worker in harness.workers))
            assert found == [(200, wanted, {"active"})] * 3, path


async def test_a_standby_answers_for_a_killed_owner_and_says_so(harness: Harness) -> None:
    expected = await filled(harness, 3)
    killed, *left = harness.workers
    killed.kill()
    seen: dict[str, set[str]] = {path: set() for path in expected}
    deadline = time.monotonic() + TAKEOVER_SECONDS
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < deadline:
            roles: set[str] = set()
            for worker in left:
                for path, wanted in expected.items():
                    status, answer, said = await ask(session, worker, path)
                    assert status in (200, 503), f"{path}: {status}"
                    if status == 200:
                        assert answer == wanted, f"{path} by {said}"
                        seen[path] |= said
                    roles |= said if status == 200 else {"none"}
            if roles == {"active"} and any("standby" in each for each in seen.values()):
                break
        else:
            raise AssertionError(f"after {TAKEOVER_SECONDS:.0f} s answers still come from {roles}")
    by_standbys = [path for path, said in seen.items() if "standby" in said]
    assert by_standbys, "no standby ever answered"
    assert all(seen.values()), "every row was answered for by somebody"
    await harness.check()
