import asyncio
import uuid
from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from app.engine import coordinator

pytestmark = pytest.mark.broker

PARTITIONS = 4


class Watched(ConsumerRebalanceListener):  # type: ignore[misc]
    """Keeps an assignment from being made until it is let."""

    def __init__(self) -> None:
        self.told, self.may = asyncio.Event(), asyncio.Event()

    async def on_partitions_revoked(self, revoked: Any) -> None:
        self.told.set()
        await self.may.wait()

    def on_partitions_assigned(self, assigned: Any) -> None:
        """on_assigned has it already."""


def consumer_of(address: str, group: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        bootstrap_servers=address, group_id=group, enable_auto_commit=False, heartbeat_interval_ms=100
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():  # noqa: ASYNC110 - a condition, not an event
            await asyncio.sleep(0.02)


async def test_records_come_while_the_group_moves_and_go_on_where_they_were(kafka: str) -> None:
    topic = group = f"moving-{uuid.uuid4().hex}"
    admin, producer = AIOKafkaAdminClient(bootstrap_servers=kafka), AIOKafkaProducer(bootstrap_servers=kafka)
    first, second, watched = consumer_of(kafka, group), consumer_of(kafka, group), Watched()
    assigned: list[Any] = []
    await asyncio.gather(*(client.start() for client in (admin, producer, first, second)))
    try:
        await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
        coordinator.install(first, assigned.append)
        began = monotonic()
        first.subscribe([topic], listener=watched)
        await until(lambda: bool(assigned))
        assert assigned[0].tps == first.assignment()
        assert first._coordinator.contact >= began
        await first.seek_to_beginning()
        second.subscribe([topic])
        await asyncio.wait_for(watched.told.wait(), 15)
        # The second one waits for the first, which is not let; a record is read all the same.
        await producer.send_and_wait(topic, b"meanwhile", partition=0)
        async with asyncio.timeout(15):
            assert (await first.getone()).value == b"meanwhile"
        assert len(assigned) == 1
        watched.may.set()
        await until(lambda: len(assigned) > 1)
        assert assigned[1] is first._subscription.subscription.assignment
    finally:
        watched.may.set()
        for client in (first, second, producer):
            await client.stop()
        await admin.delete_topics([topic])
        await admin.close()
