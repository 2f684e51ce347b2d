import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import IllegalGenerationError, NotLeaderForPartitionError, TopicAuthorizationFailedError

from app.engine.committer import SendRefused
from app.engine.idempotent import IdempotentProducer
from app.engine.ledgers import PRODUCER_OPTIONS, abandon
from app.engine.pending import Send
from app.engine.sending import Sending
from tests.app.engine.opened import movement, opened, put_stock, unit
from tests.app.engine.visible import Reader, Topics, own_topics


@pytest.fixture
async def topics(kafka: str) -> Topics:
    return await own_topics(kafka)


@pytest.fixture
async def sending(kafka: str) -> AsyncIterator[Sending]:
    producer = IdempotentProducer(bootstrap_servers=kafka, **PRODUCER_OPTIONS)
    await producer.start()
    yield Sending(producer)
    await abandon(producer)  # it would wait for a topic that is gone


def sends(topic: str, *values: bytes, partition: int = 0) -> list[Send]:
    return [Send(topic, partition, b"k", value, (("h", b"1"),), 77) for value in values]


@pytest.mark.broker
async def test_everything_arrives_in_order(kafka: str, topics: Topics, sending: Sending, tmp_path: Path) -> None:
    task = opened(tmp_path, partition=2)
    task.changelog = topics.changelog
    put_stock(unit(task, 0, [movement("e0")]))
    pending = task.take_pending()
    sent = await sending.changelog(task, pending)
    await sending.outputs([*sends(topics.out, b"a", b"b"), *sends(topics.out, b"c", partition=1)])
    await sending.arrived()
    async with Reader(kafka) as reader:
        assert await reader.changes(topics.changelog, 2) == pending.records()
        assert await sent.end() == len(pending.records())
        assert [record.value for record in await reader.records(topics.out)] == [b"a", b"b"]
        assert [record.value for record in await reader.records(topics.out, 1)] == [b"c"]
    task.close()


@pytest.mark.broker
async def test_what_is_too_large_for_one_topic_is_named(topics: Topics, sending: Sending) -> None:
    large = random.Random(1).randbytes(9 << 20)
    await sending.outputs([*sends(topics.out, large, partition=1), *sends(topics.out, b"small")])
    with pytest.raises(SendRefused, match="MessageSizeTooLargeError") as refused:
        await sending.arrived()
    assert refused.value.places == {(topics.out, 1)}


@pytest.mark.broker
async def test_a_partition_that_is_not_there_is_named_at_once(topics: Topics, sending: Sending) -> None:
    async with asyncio.timeout(5):
        with pytest.raises(SendRefused, match="no such partition") as refused:
            await sending.outputs([*sends(topics.out, b"x"), *sends(topics.out, b"x", partition=7)])
    assert refused.value.places == {(topics.out, 7)}


@pytest.mark.broker
async def test_a_topic_deleted_under_the_producer_is_named(kafka: str, topics: Topics, sending: Sending) -> None:
    async def send(through: Sending) -> None:
        # Not to partition 0, which the broker may make again of itself.
        await through.outputs([*sends(topics.out, b"x", partition=2), *sends(topics.changelog, b"x")])
        await through.arrived()

    await send(sending)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_topics([topics.out])
    await admin.close()
    async with asyncio.timeout(10):
        with pytest.raises(SendRefused) as refused:
            await send(Sending(sending._producer))
    assert refused.value.places == {(topics.out, 2)}


class Broken:
    """A producer whose batches all end in an error, one for each partition."""

    def __init__(self, *errors: Exception | None) -> None:
        self._errors = errors
        self.client = SimpleNamespace(cluster=SimpleNamespace(partitions_for_topic=lambda topic: set(range(9))))

    def create_batch(self) -> Any:
        return SimpleNamespace(append=lambda **_: object(), close=lambda: None)

    async def send_batch(self, _batch: Any, _topic: str, *, partition: int) -> Any:
        sent, error = asyncio.get_running_loop().create_future(), self._errors[partition]
        if error is not None:
            sent.set_exception(error)
        else:
            sent.set_result(None)
        return sent


async def test_an_error_of_the_producer_is_nobody_s_refusal() -> None:
    sending = Sending(Broken(TopicAuthorizationFailedError("t"), NotLeaderForPartitionError()))
    await sending.outputs([*sends("t", b"x"), *sends("t", b"x", partition=1)])
    with pytest.raises((NotLeaderForPartitionError, TopicAuthorizationFailedError)):
        await sending.arrived()


@pytest.mark.parametrize("said", ["dead", {"dead"}])
async def test_a_transaction_refused_for_some_topics_names_them(said: Any) -> None:
    sending = Sending(Broken(None, None, None))
    await sending.outputs([*sends("dead", b"x"), *sends("good", b"x", partition=1), *sends("dead", b"x", partition=2)])
    claiming = asyncio.get_running_loop().create_future()
    claiming.set_exception(TopicAuthorizationFailedError(said))
    with pytest.raises(SendRefused) as refused:
        await sending.arrived(claiming)
    assert refused.value.places == {("dead", 0), ("dead", 2)}


async def test_what_runs_beside_is_waited_for_and_its_errors_are_its_own() -> None:
    sending = Sending(Broken(None))
    await sending.outputs(sends("t", b"x"))
    beside = asyncio.get_running_loop().create_future()
    arrived = asyncio.ensure_future(sending.arrived(beside))
    await asyncio.sleep(0)
    assert not arrived.done()
    beside.set_exception(IllegalGenerationError())
    with pytest.raises(IllegalGenerationError):
        await arrived
