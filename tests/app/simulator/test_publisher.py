from typing import Any

import pytest

from app.commands.console import say
from app.commands.sending import SOURCES
from app.engine.connection import client_options
from app.engine.topic_admin import ensure_topics
from app.settings import Settings
from app.simulator.outgoing import Outgoing
from app.simulator.publisher import publish
from app.simulator.reference.murmur2 import partition_of
from tests.app.records import records_of

TOPIC = "payment-events"


async def sent(settings: Settings, records: list[Outgoing], speed: float = 1.0) -> tuple[Any, list[Any]]:
    options = client_options(settings)
    await ensure_topics(settings, SOURCES, options=options, say=say)
    told: list[Outgoing] = []
    published = await publish(options, records, advance=told.append, speed=speed)
    assert told == records
    return published, await records_of(settings, [TOPIC])


async def test_records_arrive_as_they_are_in_order_where_java_puts_them(embedded: Settings) -> None:
    records = [Outgoing(TOPIC, b"key-%d" % (number % 20), b"%d" % number) for number in range(1_000)]
    records += [Outgoing(TOPIC, None, b"no key"), Outgoing(TOPIC, b"no value", None)]
    published, received = await sent(embedded, records)
    assert (published.sent, published.refused) == ({TOPIC: 1_002}, {})
    assert {(record.key, record.value) for record in received} == {(record.key, record.value) for record in records}
    for record in received:
        assert record.key is None or record.partition == partition_of(record.key, 6)
    of_one = [int(record.value) for record in received if record.key == b"key-7"]
    assert of_one == sorted(of_one)


async def test_records_go_out_at_their_time(embedded: Settings) -> None:
    records = [Outgoing(TOPIC, b"key", b"%d" % number, due=number * 0.4) for number in range(4)]
    published, received = await sent(embedded, records, speed=2.0)
    assert published.seconds >= 0.6
    times = [record.timestamp for record in received]
    assert times[-1] - times[0] == pytest.approx(600, abs=400)
    assert times == sorted(times)
