"""`faust -A app verify` beside workers on a real Kafka: right tables, a damaged row, a source without its beginning."""

import re
import time

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from app.domain.stock import StockRow
from app.engine.idempotent import IdempotentProducer
from app.simulator.encoding import JSON, encode
from app.simulator.outgoing import Outgoing
from app.simulator.reference.murmur2 import partition_of
from app.simulator.scenario import Scenario, Shares
from tables.stock import stock
from tests.broker.commands import verify
from tests.broker.harness import Harness

pytestmark = pytest.mark.broker

DAY, HOUR = 86_400_000, 3_600_000
CHANGELOG = "stayshelf-inventory-changelog"


async def filled(harness: Harness, seed: int, count: int) -> None:
    shares = Shares(duplicates=0.05, late=0.1, poison=0.05)
    scenario = Scenario(seed, start=int(time.time() * 1_000), rate=1_000, shares=shares)
    await harness.send(record._replace(due=None) for record in scenario.records(count))
    await harness.until_applied()


async def damaged(harness: Harness, store: str, item: str) -> None:
    """Write a row nobody counted into the changelog, as a worker that lost its mind would."""
    (worker,) = harness.workers
    worker.stop()
    row = stock.encode(StockRow(on_hand=12_345))
    async with IdempotentProducer(bootstrap_servers=harness.bootstrap) as producer:
        partition = partition_of(store.encode(), 24)
        await producer.send_and_wait(CHANGELOG, row, stock.key(store, item), partition)


async def test_tables_that_are_right_and_a_damaged_row(harness: Harness) -> None:
    await harness.start()
    await filled(harness, seed=1, count=3_000)
    said = verify(harness.bootstrap, expected=0)
    compared = dict(re.findall(r"([\w-]+) ([\d,]+)", said.splitlines()[-1].partition(":")[2]))
    model, _log = await harness.model()
    counts = {table: int(count.replace(",", "")) for table, count in compared.items() if table != "differences"}
    counted = [counts.pop(f"{kind}-windows") for kind in model.windows]
    assert all(counted)
    assert [counts.pop(f"{group}-event-time") for group in ("inventory", "bookings", "payments")] == [
        len(model.windows[kind].newest) for kind in ("sales", "bookings", "payments")
    ]
    assert counts == {
        "stock": len(model.stock),
        "availability": len(model.nights),
        "bookings": len(model.bookings),
        "payments": len(model.payments),
    }
    assert said.splitlines()[-1].endswith("differences: 0")
    store, item = min((key[1:] for key in model.stock if key[0] == partition_of(key[1].encode(), 24)), default=("", ""))
    await damaged(harness, store, item)
    said = verify(harness.bootstrap, expected=1)
    assert f"{store} / {item}" in said
    assert "found 12345" in said
    assert said.splitlines()[-1].endswith("differences: 1")


def booked(nights: int, hours_ago: int) -> Outgoing:
    """A booking, or, with other nights, its amendment; so long ago that hours count it and minutes don't."""
    now = int(time.time() * 1_000)
    stay = {"checkIn": now + 10 * DAY, "checkOut": now + (10 + nights) * DAY, "occurredAt": now - hours_ago * HOUR}
    ids = {"eventId": f"old {nights}", "bookingId": "old", "customerId": "c", "hotelId": "h"}
    event = {**ids, **stay, "totalAmount": 1.5, "currency": "EUR", "status": "CONFIRMED"}
    return Outgoing("booking-events", b"c:APAC", encode(event, JSON))


async def test_a_source_without_its_beginning(harness: Harness) -> None:
    await harness.start()
    await harness.send([booked(1, hours_ago=300)])
    await filled(harness, seed=1, count=2_000)
    admin = AIOKafkaAdminClient(bootstrap_servers=harness.bootstrap)
    await admin.start()
    home = partition_of(b"store-001", 24)
    model, log = await harness.model()
    ends = {(record.topic, record.partition): record.offset + 1 for record in log}
    cuts = {("inventory-events", home): ends["inventory-events", home] - 3}
    cuts |= {
        place: end // 2 for place, end in ends.items() if place[0] in ("booking-events", "payment-events") and end > 1
    }
    await admin.delete_records(
        {TopicPartition(*place): RecordsToDelete(before_offset=cut) for place, cut in cuts.items()}
    )
    await admin.close()
    await harness.send([booked(2, hours_ago=200)])
    await filled(harness, seed=2, count=2_000)
    said = verify(harness.bootstrap, expected=0)
    for (topic, partition), cut in cuts.items():
        assert f"{topic}, partition {partition}, starts at {cut}: only rows first seen since are checked" in said
    assert re.search(r"; [1-9][\d,]* rows not checked; differences: 0$", said.splitlines()[-1])
    # A row that was first seen after the cut is checked all the same.
    after, _log = await harness.model()
    new = sorted(key[1:] for key in after.stock if key[0] == home and key not in model.stock)
    await damaged(harness, *new[0])
    assert " / ".join(new[0]) in verify(harness.bootstrap, expected=1)
