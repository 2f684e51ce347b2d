"""The main job on real data: what workers answer, and write, is what the reference model makes of the same log.

STAYSHELF_TEST_ROWS=all sends every booking and 300,000 sales; without it a part of them."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from app.simulator.outgoing import Outgoing
from app.simulator.reference.model import Reference
from tests.broker.datasets import journey, resort
from tests.broker.harness import Harness
from tests.broker.load import interleaved, troubled

pytestmark = pytest.mark.broker

ALL = os.environ.get("STAYSHELF_TEST_ROWS") == "all"
BOOKINGS, SALES = (None, 300_000) if ALL else (1_500, 6_000)
REASONS = {
    "not-avro-or-json",
    "unknown-schema",
    "does-not-fit-schema",
    "key-mismatch",
    "invalid-value",
    "unmatched-refund",
}


@pytest.fixture(scope="module")
def records() -> list[Outgoing]:
    return list(troubled(interleaved(resort(BOOKINGS), journey(SALES)), again=0.05, spoiled=0.02))


def parts(records: list[Outgoing], count: int) -> Iterator[list[Outgoing]]:
    size = -(-len(records) // count)
    return (records[start : start + size] for start in range(0, len(records), size))


def assert_something_of_everything(model: Reference) -> None:
    assert model.stock
    assert model.nights
    assert model.completed
    assert set(model.duplicates) == {"booking-events", "inventory-events", "payment-events"}
    assert {letter.reason for letter in model.dead_letters} == REASONS
    assert {status for topic, status in model.applied if topic == "payment-events"} == {
        "AUTHORIZED",
        "COMPLETED",
        "FAILED",
        "REFUNDED",
    }


@pytest.mark.parametrize("workers", [1, 2, 3] if ALL else [2])
async def test_answers_outputs_and_dead_letters_are_the_model_s(
    harness: Harness, records: list[Outgoing], workers: int
) -> None:
    await harness.start(workers)
    published = await harness.send(records)
    assert published.sent == Counter(record.topic for record in records)
    assert_something_of_everything(await harness.check())


async def test_killed_workers_change_nothing(harness: Harness, records: list[Outgoing]) -> None:
    rng = random.Random(3)
    workers = await harness.start(3)
    for part in parts(records, 3):
        sending = asyncio.create_task(harness.send(part))
        await asyncio.sleep(rng.uniform(0.2, 2.0))
        victim = rng.choice(workers)
        victim.kill()
        victim.start()
        await sending
    await harness.check()
