import asyncio
import gc

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import (
    IllegalGenerationError,
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    ProducerFenced,
    UnknownMemberIdError,
)
from aiokafka.structs import OffsetAndMetadata

from app.engine.kip447 import Membership, TransactionalProducer, UnknownOutcome
from tests.app.engine.membership import member, membership
from tests.app.engine.visible import Reader, Topics, own_topics

pytestmark = pytest.mark.broker


@pytest.fixture
async def topics(kafka: str) -> Topics:
    return await own_topics(kafka)


def producer(address: str, topics: Topics) -> TransactionalProducer:
    return TransactionalProducer(bootstrap_servers=address, transactional_id=topics.group)


async def claim(producer: TransactionalProducer, topics: Topics, offset: int) -> None:
    """One transaction with a record and an offset."""
    await producer.begin_transaction()
    await producer.send_and_wait(topics.out, b"x", partition=0)
    offsets = {TopicPartition(topics.source, n): OffsetAndMetadata(offset + n, "") for n in (1, 0)}
    await producer.send_offsets_to_transaction(offsets, topics.group)
    await producer.commit_transaction()


async def test_a_member_commits_its_offsets(kafka: str, topics: Topics) -> None:
    async with member(kafka, topics) as consumer, Reader(kafka) as reader, producer(kafka, topics) as writer:
        writer.set_membership(membership(consumer))
        await claim(writer, topics, 5)
        assert await reader.reaches(topics.group, topics.source, {0: 5, 1: 6})
        assert len(await reader.records(topics.out)) == 1


@pytest.mark.parametrize(
    ("changed", "error"),
    [({"generation": 0}, IllegalGenerationError), ({"member_id": "gone"}, UnknownMemberIdError)],
)
async def test_a_stranger_s_offsets_are_refused(
    kafka: str, topics: Topics, changed: dict[str, object], error: type[KafkaError]
) -> None:
    async with member(kafka, topics) as consumer, Reader(kafka) as reader:
        writer = producer(kafka, topics)
        await writer.start()
        writer.set_membership(membership(consumer)._replace(**changed))
        with pytest.raises(error):
            await claim(writer, topics, 5)
        await writer.abort_transaction()
        await writer.stop()
        # After an error aiokafka aborts nothing; the next producer of this id does.
        async with producer(kafka, topics) as successor:
            await successor.begin_transaction()
        assert await reader.committed(topics.group, topics.source) == {}
        assert await reader.records(topics.out) == []


async def test_another_join_makes_the_generation_stale(kafka: str, topics: Topics) -> None:
    async with member(kafka, topics) as consumer, producer(kafka, topics) as writer:
        before = membership(consumer)
        async with member(kafka, topics):
            writer.set_membership(before)
            with pytest.raises(KafkaError):
                await claim(writer, topics, 5)
            await writer.abort_transaction()
        assert membership(consumer).generation > before.generation


def unanswered(writer: TransactionalProducer, name: str) -> list[int]:
    """Requests of this name arrive, their answers don't; the nodes that were asked."""
    send, asked = writer.client.send, []

    async def without_answer(node: int, request: object, **options: object) -> object:
        answer = await send(node, request, **options)
        if type(request).__name__.strip("_") == name:
            asked.append(node)
            raise KafkaConnectionError("no answer")
        return answer

    writer.client.send = without_answer
    return asked


async def test_the_end_of_a_transaction_is_asked_for_once(kafka: str, topics: Topics) -> None:
    writer = producer(kafka, topics)
    await writer.start()
    asked = unanswered(writer, "EndTxnRequest")
    await writer.begin_transaction()
    await writer.send_and_wait(topics.out, b"x", partition=0)
    with pytest.raises(UnknownOutcome, match="no answer"):
        await writer.commit_transaction()
    assert len(asked) == 1
    await writer.stop()


async def test_offsets_are_claimed_once(kafka: str, topics: Topics) -> None:
    async with member(kafka, topics) as consumer:
        writer = producer(kafka, topics)
        await writer.start()
        writer.set_membership(membership(consumer))
        asked = unanswered(writer, "TxnOffsetCommit")
        with pytest.raises(UnknownOutcome, match="no answer"):
            await claim(writer, topics, 5)
        assert len(asked) == 1
        await writer.stop()


async def test_what_never_left_is_tried_again(kafka: str, topics: Topics) -> None:
    async with member(kafka, topics) as consumer, Reader(kafka) as reader, producer(kafka, topics) as writer:
        writer.set_membership(membership(consumer))
        send, refused = writer.client.send, {"TxnOffsetCommit", "EndTxnRequest"}

        async def not_ready_at_first(node: int, request: object, **options: object) -> object:
            name = type(request).__name__.strip("_")
            if name in refused:
                refused.remove(name)
                raise NodeNotReadyError
            return await send(node, request, **options)

        writer.client.send = not_ready_at_first
        await claim(writer, topics, 5)
        assert refused == set()
        assert await reader.reaches(topics.group, topics.source, {0: 5, 1: 6})


async def test_what_nobody_waits_for_fails_unheard(kafka: str, topics: Topics) -> None:
    """A commit was given up, then its producer is fenced: all that was under way fails."""
    loop, heard = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _loop, context: heard.append(context))
    writer = producer(kafka, topics)
    await writer.start()
    await writer.begin_transaction()
    await writer.send_and_wait(topics.out, b"x", partition=0)
    offsets = {TopicPartition(topics.source, 0): OffsetAndMetadata(1, "")}
    claiming = asyncio.ensure_future(writer.send_offsets_to_transaction(offsets, topics.group))
    await asyncio.sleep(0)
    claiming.cancel()
    async with producer(kafka, topics):
        batch = writer.create_batch()
        batch.append(key=None, value=b"y", timestamp=0)
        (await writer.send_batch(batch, topics.out, partition=1)).add_done_callback(lambda done: done.exception())
        with pytest.raises(ProducerFenced):
            await writer._sender.sender_task
    await writer.stop()
    del writer, claiming, batch
    gc.collect()
    await asyncio.sleep(0)
    assert heard == []


def test_a_membership_is_a_generation_and_a_member() -> None:
    assert Membership(3, "m", None)._asdict() == {"generation": 3, "member_id": "m", "instance_id": None}
