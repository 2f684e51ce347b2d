"""A schema registry that is down, on real Kafka: the partition in need of a schema waits, and nothing else does."""

import time
from typing import Any

import aiohttp
import pytest

from app.simulator.encoding import INVENTORY, JSON, encode
from app.simulator.outgoing import Outgoing
from app.simulator.reference.murmur2 import partition_of
from schemas.bundled import BUNDLED, INVENTORY_EVENT
from tests.app.engine.registry.stand_in import StandIn
from tests.broker.harness import Harness
from tests.broker.kafka_log import dead_letters
from tests.broker.waiting import scraped, until

pytestmark = [pytest.mark.broker, pytest.mark.scenario]

KNOWN, UNKNOWN = 1_003, 1_004
HELD, FREE = "store-held", "store-free"
PARTITION = partition_of(HELD.encode(), 24)
STOPPED = f'stayshelf_partition_stopped{{partition="{PARTITION}",reason="registry",topic="{INVENTORY}"}}'


def received(store: str, number: int, *, schema_id: int = JSON) -> Outgoing:
    event = {
        "eventId": f"{store} {number}",
        "locationType": "STORE",
        "locationId": store,
        "itemId": "item",
        "eventType": "RECEIPT",
        "quantity": 10**number,
        "occurredAt": int(time.time() * 1_000),
    }
    if schema_id == JSON:
        return Outgoing(INVENTORY, store.encode(), encode(event, JSON))
    avro = encode({**event, **dict.fromkeys(("stayFrom", "stayTo", "source", "metadata"))}, INVENTORY_EVENT)
    return Outgoing(INVENTORY, store.encode(), b"\0" + schema_id.to_bytes(4, "big") + avro[5:])


async def on_hand(harness: Harness, store: str) -> Any:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{harness.workers[0].url}/v1/stores/{store}/stock/item") as answer,
    ):
        return (await answer.json()).get("onHand")


async def test_only_the_partition_in_need_of_a_schema_waits(harness: Harness) -> None:
    assert partition_of(FREE.encode(), 24) != PARTITION
    registry = StandIn()
    (worker,) = await harness.start(SCHEMA_REGISTRY=registry.url)
    await harness.send(
        [received(HELD, 0), received(HELD, 1), received(HELD, 2, schema_id=KNOWN), received(HELD, 3)]
        + [received(FREE, number) for number in range(4)]
    )
    await until(lambda: scraped(worker, STOPPED), equals=1.0)
    await until(lambda: on_hand(harness, FREE), equals=1_111)
    assert await on_hand(harness, HELD) == 11
    assert await dead_letters(harness.bootstrap) == []
    registry.has(KNOWN, BUNDLED[INVENTORY_EVENT])
    async with registry:
        await until(lambda: on_hand(harness, HELD), equals=1_111)
        await until(lambda: scraped(worker, STOPPED), equals=None)
        log = worker.log.read_text()
        await harness.send([received(HELD, 4, schema_id=UNKNOWN), received(HELD, 5)])
        await until(lambda: on_hand(harness, HELD), equals=101_111)
        (letter,) = await dead_letters(harness.bootstrap)
        assert dict(letter.headers)["dlt-reason"] == "unknown-schema"
    assert log.count(f"{INVENTORY}-{PARTITION} stands still: a schema it needs can't be had from the registry") == 1
    assert log.count(f"{INVENTORY}-{PARTITION} goes on after") == 1
    assert HELD not in worker.log.read_text()
