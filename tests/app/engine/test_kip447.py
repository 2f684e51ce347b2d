import pytest
from aiokafka import TopicPartition
from aiokafka.errors import IllegalGenerationError, KafkaConnectionError, KafkaError, UnknownMemberIdError
from aiokafka.protocol.transaction import EndTxnRequest
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


async def test_the_end_of_a_transaction_is_asked_for_once(kafka: str, topics: Topics) -> None:
    writer, asked = producer(kafka, topics), []
    await writer.start()
    send = writer.client.send

    async def without_answer(node: int, request: object, **options: object) -> object:
        if isinstance(request, EndTxnRequest):
            asked.append(node)
            raise KafkaConnectionError("no answer")
        return await send(node, request, **options)

    writer.client.send = without_answer
    await writer.begin_transaction()
    await writer.send_and_wait(topics.out, b"x", partition=0)
    with pytest.raises(UnknownOutcome, match="no answer"):
        await writer.commit_transaction()
    assert len(asked) == 1
    await writer.stop()


def test_a_membership_is_a_generation_and_a_member() -> None:
    assert Membership(3, "m", None)._asdict() == {"generation": 3, "member_id": "m", "instance_id": None}
