import uuid
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from app.engine.idempotent import IdempotentProducer
from app.engine.offsets import committed_offsets, end_offsets, is_tansu


@pytest.fixture(params=["tansu", "kafka"])
def broker(request: pytest.FixtureRequest) -> tuple[str, str]:
    return request.param, request.getfixturevalue(request.param)


@pytest.fixture
async def admin(broker: tuple[str, str]) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=broker[1])
    await client.start()
    yield client
    await client.close()


@pytest.fixture
async def partitions(admin: AIOKafkaAdminClient) -> list[TopicPartition]:
    name = f"o-{uuid.uuid4().hex[:8]}"
    await admin.create_topics([NewTopic(name, 3, 1)])
    return [TopicPartition(name, n) for n in range(3)]


@pytest.fixture
async def consumer(broker: tuple[str, str], partitions: list[TopicPartition]) -> AsyncIterator[AIOKafkaConsumer]:
    client = AIOKafkaConsumer(
        bootstrap_servers=broker[1],
        group_id=f"g-{uuid.uuid4().hex[:8]}",
        isolation_level="read_committed",
        enable_auto_commit=False,
    )
    await client.start()
    client.assign(partitions)
    yield client
    await client.stop()


async def test_which_broker_it_is(broker: tuple[str, str], admin: AIOKafkaAdminClient) -> None:
    assert await is_tansu(admin) == (broker[0] == "tansu")
    await admin.close()
    assert await is_tansu(admin) == (broker[0] == "tansu")  # it is not asked again


async def test_ends_are_right_behind_batches_of_many_records(
    broker: tuple[str, str],
    admin: AIOKafkaAdminClient,
    consumer: AIOKafkaConsumer,
    partitions: list[TopicPartition],
) -> None:
    producer = IdempotentProducer(bootstrap_servers=broker[1])
    await producer.start()
    for tp, count in zip(partitions, (0, 1, 1_234), strict=True):
        for sent in [await producer.send(tp.topic, b"x", partition=tp.partition) for _ in range(count)]:
            await sent
    await producer.stop()
    assert await end_offsets(admin, consumer, partitions) == dict(zip(partitions, (0, 1, 1_234), strict=True))


async def test_committed_offsets_are_those_there_are(
    admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]
) -> None:
    await consumer.commit({partitions[0]: 7, partitions[2]: 0})
    group = consumer._group_id
    assert await committed_offsets(admin, group, partitions) == {partitions[0]: 7, partitions[2]: 0}
