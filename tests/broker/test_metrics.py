"""Gauges of real workers against what Kafka and the reference model say: lag, an open transaction, tallies."""

import time
from collections.abc import Callable

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from app.engine.group import GROUPS
from app.simulator.encoding import JSON, encode
from app.simulator.outgoing import Outgoing
from app.simulator.scenario import Scenario, Shares
from tests.broker.harness import Harness
from tests.broker.scraped import series, total, until

pytestmark = pytest.mark.broker

TOPIC, PARTITION, HELD_BACK = "payment-events", 3, 40
HELD = {"topic": TOPIC, "partition": str(PARTITION)}
SOURCES = sum(group.partitions * len(group.sources) for group in GROUPS)


async def group_lags(bootstrap: str) -> dict[tuple[str, str], float]:
    """End of the log less committed offset, as kafka-consumer-groups.sh works it out."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        committed = await admin.list_consumer_group_offsets("stayshelf")
        async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
            ends = await consumer.end_offsets(list(committed))
    finally:
        await admin.close()
    return {(tp.topic, str(tp.partition)): ends[tp] - at.offset for tp, at in committed.items()}


def sale(number: int, at: int) -> Outgoing:
    """A sale of what was never received, in a store of its own."""
    event = {"locationType": "STORE", "itemId": "i", "eventType": "SALE", "quantity": 1, "occurredAt": at}
    known = {"eventId": f"sale-{number}", "locationId": f"empty-{number}"}
    return Outgoing("inventory-events", known["locationId"].encode(), encode(event | known, JSON))


def is_(expected: float) -> Callable[[float], bool]:
    return lambda found: found == expected


async def test_gauges_say_what_kafka_and_the_model_say(harness: Harness) -> None:
    first, second = await harness.start(2)
    start = int(time.time() * 1000) - 60_000
    records = Scenario(5, start=start, rate=100, shares=Shares(0, 0, 0)).records(4_000)
    await harness.send([*(record._replace(due=None) for record in records), *(sale(n, start) for n in range(7))])
    model = await harness.check()
    for worker in (first, second):
        await until(worker, "kafka_consumer_lag_max", is_(0))
        await until(worker, "stayshelf_standby_lag_records", is_(0))
    shown = [at for worker in (first, second) for at, _ in await series(worker, "kafka_consumer_lag")]
    assert len(shown) == SOURCES

    first.kill()
    await until(second, "stayshelf_partitions", is_(sum(group.partitions for group in GROUPS)), role="active")
    await until(second, "stayshelf_partitions_without_standby", is_(42))
    below = sum(row.on_hand < 0 for row in model.stock.values())
    assert below >= 7
    await until(second, "stayshelf_negative_stock_rows", is_(below))
    overbooked = sum(night.capacity is not None and night.sold > night.capacity for night in model.nights.values())
    await until(second, "stayshelf_overbooked_nights", is_(overbooked))

    stranger = AIOKafkaProducer(bootstrap_servers=harness.bootstrap, transactional_id="stranger")
    await stranger.start()
    await stranger.begin_transaction()
    for number in range(HELD_BACK):
        await stranger.send_and_wait(TOPIC, b"{}", b"p%d" % number, PARTITION)
    await until(second, "kafka_consumer_lag", is_(HELD_BACK), **HELD)
    assert await total(second, "kafka_consumer_lag_max") == HELD_BACK
    assert await total(second, "stayshelf_stable_lag_records", **HELD) == 0
    await until(second, "stayshelf_stable_offset_age_seconds", lambda age: age > 1, **HELD)
    said = await group_lags(harness.bootstrap)
    ours = {(at["topic"], at["partition"]): n for at, n in await series(second, "kafka_consumer_lag")}
    assert said[TOPIC, str(PARTITION)] == HELD_BACK
    assert {place: ours[place] for place in said if place in ours} == {p: n for p, n in said.items() if p in ours}

    await stranger.commit_transaction()
    await stranger.stop()
    await until(second, "kafka_consumer_lag_max", is_(0))
    await until(second, "stayshelf_stable_offset_age_seconds", is_(0))
    await until(second, "stayshelf_dead_letters_total", is_(HELD_BACK), topic=TOPIC, reason="does-not-fit-schema")
