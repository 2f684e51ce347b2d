"""A schema registry by URL: writers of three versions at once, and an outage in which a new version arrives.

STAYSHELF_TEST_OUTAGE sets how long it lasts, in seconds."""

import asyncio
import os
import time
from collections.abc import Iterable, Iterator
from functools import partial
from operator import eq

import pytest

from app.engine.registry.client import RegistryClient
from app.engine.registry.subjects import register
from app.simulator.outgoing import Outgoing
from app.simulator.reference.shapes import BY_ID
from app.simulator.scenario import Scenario, Shares
from schemas.bundled import BUNDLED
from tests.broker.apicurio import Apicurio
from tests.broker.commands import verify
from tests.broker.harness import Harness
from tests.broker.scraped import total, until

pytestmark = [pytest.mark.broker, pytest.mark.scenario]

OUTAGE_SECONDS = float(os.environ.get("STAYSHELF_TEST_OUTAGE", "8"))
V2 = b"\0\0\0\0\2"
RATE = 150  # events a second
NOTE = {"name": "note", "type": ["null", "string"], "default": None}


def traffic(seed: int, seconds: float, v3: bytes) -> Iterator[Outgoing]:
    """Mixed events; every other booking of version 2 is sent as one of version 3, which has a note at its end."""
    scenario = Scenario(seed, start=int(time.time() * 1000) - 60_000, rate=RATE, shares=Shares(0, 0, 0))
    records = scenario.records(int(RATE * seconds) + 1)
    turn = 0
    for record in records:
        value = record.value or b""
        if record.topic == "booking-events" and v3 and value.startswith(V2):
            turn += 1
            if turn % 2:
                value = v3 + value[len(V2) :] + (b"\0" if turn % 3 else b"\2\4hi")
        yield record._replace(value=value)


def counted(records: Iterable[Outgoing], topic: str) -> int:
    return sum(record.topic == topic for record in records)


async def test_a_version_that_comes_in_an_outage_waits_and_nothing_else_does(
    harness: Harness, registry: Apicurio, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = RegistryClient(registry.url)
    assert [finding.said for finding in await register(client)] == [f"id {n}, registered" for n in sorted(BUNDLED)]
    await client.close()
    (worker,) = await harness.start(1, SCHEMA_REGISTRY=registry.url)
    before = list(traffic(1, 10.0, b""))
    await harness.send(record._replace(due=None) for record in before)
    await harness.until_applied()

    v3_id = registry.register("booking-events-value", {**BUNDLED[2], "fields": [*BUNDLED[2]["fields"], NOTE]})
    v3_shape = {**BY_ID[2], "fields": [*BY_ID[2]["fields"], NOTE]}
    monkeypatch.setitem(BY_ID, v3_id, v3_shape)
    registry.freeze()
    try:
        during = list(traffic(2, OUTAGE_SECONDS, b"\0" + v3_id.to_bytes(4, "big")))
        sending = asyncio.create_task(harness.send(during))  # each at its time: as long as the outage lasts
        await until(worker, "stayshelf_partition_stopped", lambda n: n > 0, topic="booking-events", reason="registry")
        await until(worker, "stayshelf_schemas_awaited", lambda n: n > 0)
        assert (await sending).seconds >= OUTAGE_SECONDS
        for topic in ("inventory-events", "payment-events"):
            count = counted([*before, *during], topic)
            await until(worker, "kafka_consumer_records_consumed_total", partial(eq, count), topic=topic)
        bookings = await total(worker, "kafka_consumer_records_consumed_total", topic="booking-events")
        assert bookings < counted([*before, *during], "booking-events")
        assert await total(worker, "stayshelf_partition_stopped", topic="booking-events", reason="registry") > 0
        await until(worker, "stayshelf_schema_registry_up", lambda up: up == 0)
    finally:
        registry.thaw()
    model = await harness.check()
    assert model.dead_letters == []
    assert await total(worker, "stayshelf_partition_stopped") == 0
    assert await total(worker, "stayshelf_schema_registry_up") == 1
    said = await asyncio.to_thread(verify, harness.bootstrap, expected=0, SCHEMA_REGISTRY=registry.url)
    assert said.splitlines()[-1].endswith("differences: 0")
