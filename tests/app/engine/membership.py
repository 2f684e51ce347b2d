"""A real member of a real group, for fencing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer

from app.engine.kip447 import Membership
from tests.app.engine.visible import Topics


@asynccontextmanager
async def member(address: str, topics: Topics) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer that has joined the group."""
    consumer = AIOKafkaConsumer(
        topics.source, bootstrap_servers=address, group_id=topics.group, enable_auto_commit=False
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


def membership(consumer: AIOKafkaConsumer) -> Membership:
    """Its generation and member id as of now."""
    return Membership(consumer._coordinator.generation, consumer._coordinator.member_id, None)
