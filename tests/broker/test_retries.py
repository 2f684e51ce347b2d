"""Refunds that come before their payment is complete, on real Kafka: tried again, applied or dead, never both."""

import json
import time
from itertools import pairwise

import aiohttp
import pytest

from app.delivery.retries import DELAYS_MS, read_headers, retry_topics
from app.simulator.outgoing import Outgoing
from app.simulator.reference.model import Reference
from tests.broker.commands import verify
from tests.broker.harness import Harness
from tests.broker.kafka_log import dead_letters, records_of
from tests.broker.waiting import until

pytestmark = pytest.mark.broker

SOURCE = "payment-events"


def event(payment: str, status: str, number: int = 0) -> Outgoing:
    value = {
        "eventId": f"{payment} {status} {number}",
        "paymentId": payment,
        "bookingId": f"B-{payment}",
        "amountMinor": 100 + number,
        "currency": "EUR",
        "method": "CARD",
        "status": status,
        "occurredAt": int(time.time() * 1_000),
    }
    return Outgoing(SOURCE, payment.encode(), json.dumps(value).encode())


async def status_of(harness: Harness, payment: str) -> str | None:
    async with aiohttp.ClientSession() as session:
        try:
            async with session.get(f"{harness.workers[0].url}/v1/payments/{payment}") as answer:
                return (await answer.json())["status"] if answer.status == 200 else None
        except aiohttp.ClientError:
            return None


async def waiting(harness: Harness) -> list[bytes | None]:
    return [record.key for record in await records_of(harness.bootstrap, [f"{SOURCE}-retry-1"])]


async def waiting_count(harness: Harness) -> int:
    return len(await waiting(harness))


async def letters(harness: Harness) -> dict[bytes | None, str]:
    """Attempts by key; more than one letter of a key is an error."""
    found = [(letter.key, dict(letter.headers)["dlt-attempts"]) for letter in await dead_letters(harness.bootstrap)]
    assert len(dict(found)) == len(found)
    return dict(found)


def statuses(model: Reference) -> dict[str, str]:
    return {id_: row.status for (_partition, id_), row in model.payments.items()}


async def test_refunds_end_applied_or_dead_and_hold_nothing_back(harness: Harness) -> None:
    await harness.start()
    await harness.send([event("P-ready", "AUTHORIZED"), event("P-ready", "COMPLETED")])
    await harness.send([event(f"P-{n}", "REFUNDED") for n in range(20)])
    await harness.send([event(f"P-{n}", "AUTHORIZED") for n in range(20)])
    await until(lambda: status_of(harness, "P-3"), equals="AUTHORIZED")
    assert not await letters(harness), "the payment's later events came while its refund was waiting"
    await harness.send([event(f"P-{n}", "COMPLETED") for n in range(10)])
    await harness.send([event("P-ready", "REFUNDED"), event("P-3", "REFUNDED", 1)])
    verify(harness.bootstrap, expected=0)
    model = await harness.check()
    assert await letters(harness) == {f"P-{n}".encode(): "3" for n in range(10, 20)}
    assert statuses(model) == {
        "P-ready": "REFUNDED",
        **{f"P-{n}": "REFUNDED" if n < 10 else "AUTHORIZED" for n in range(20)},
    }
    assert sorted(await waiting(harness)) == sorted(f"P-{n}".encode() for n in range(20))
    await assert_on_its_way(harness, b"P-15")
    verify(harness.bootstrap, expected=0)


async def assert_on_its_way(harness: Harness, key: bytes) -> None:
    """The same bytes in the same partition, each attempt no sooner than promised, and where it comes from."""
    topics = [SOURCE, *retry_topics(SOURCE), f"{SOURCE}-dlt"]
    found = {record.topic: record for record in await records_of(harness.bootstrap, topics) if record.key == key}
    source = next(
        record for record in await records_of(harness.bootstrap, [SOURCE]) if record.value == found[topics[1]].value
    )
    steps = [found[topic] for topic in topics[1:]]
    waited = [after.timestamp - before.timestamp for before, after in pairwise(steps)]
    assert all(ms >= delay for ms, delay in zip(waited, DELAYS_MS, strict=True)), waited
    assert {(step.partition, step.value) for step in steps} == {(source.partition, source.value)}
    for step, attempts in zip(steps[:2], (1, 2), strict=True):
        origin = read_headers(step.headers, SOURCE)
        assert origin is not None
        assert (origin.partition, origin.offset) == (source.partition, source.offset)
        assert (origin.timestamp, origin.attempts) == (source.timestamp, attempts)


async def test_a_refund_that_waits_survives_its_worker(harness: Harness) -> None:
    (worker,) = await harness.start()
    await harness.send([event(f"P-{n}", "REFUNDED") for n in range(12)])
    await until(lambda: waiting_count(harness), equals=12)
    worker.kill()
    assert len(await waiting(harness)) == 12
    assert not await letters(harness), "the worker was killed while the refunds waited"
    await harness.send([event(f"P-{n}", "COMPLETED") for n in range(6)])
    worker.start()
    await worker.ready()
    model = await harness.check()
    # Which of them came too early for their last attempt depends on the time the worker took to come back.
    assert set(statuses(model).values()) == {"REFUNDED"}
    assert await letters(harness) == {f"P-{n}".encode(): "3" for n in range(6, 12)}
    assert len(await waiting(harness)) == 12
    verify(harness.bootstrap, expected=0)
