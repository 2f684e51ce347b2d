"""Gauges of real workers against what the reference model says: copies and tallies, after a worker was killed too."""

import time
from collections.abc import Callable

import pytest

from app.engine.group import GROUPS
from app.simulator.encoding import JSON, encode
from app.simulator.outgoing import Outgoing
from app.simulator.scenario import Scenario, Shares
from tests.broker.harness import Harness
from tests.broker.scraped import until

pytestmark = pytest.mark.broker


def sale(number: int, at: int) -> Outgoing:
    """A sale of what was never received, in a store of its own."""
    event = {"locationType": "STORE", "itemId": "i", "eventType": "SALE", "quantity": 1, "occurredAt": at}
    known = {"eventId": f"sale-{number}", "locationId": f"empty-{number}"}
    return Outgoing("inventory-events", known["locationId"].encode(), encode(event | known, JSON))


def is_(expected: float) -> Callable[[float], bool]:
    return lambda found: found == expected


async def test_gauges_say_what_the_model_says(harness: Harness) -> None:
    first, second = await harness.start(2)
    start = int(time.time() * 1000) - 60_000
    records = Scenario(5, start=start, rate=100, shares=Shares(0, 0, 0)).records(4_000)
    await harness.send([*(record._replace(due=None) for record in records), *(sale(n, start) for n in range(7))])
    model = await harness.check()
    for worker in (first, second):
        await until(worker, "kafka_consumer_lag_max", is_(0))
        await until(worker, "stayshelf_standby_lag_records", is_(0))

    first.kill()
    await until(second, "stayshelf_partitions", is_(sum(group.partitions for group in GROUPS)), role="active")
    await until(second, "stayshelf_partitions_without_standby", is_(42))
    below = sum(row.on_hand < 0 for row in model.stock.values())
    assert below >= 7
    await until(second, "stayshelf_negative_stock_rows", is_(below))
    overbooked = sum(night.capacity is not None and night.sold > night.capacity for night in model.nights.values())
    await until(second, "stayshelf_overbooked_nights", is_(overbooked))
