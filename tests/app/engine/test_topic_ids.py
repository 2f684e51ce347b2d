import asyncio
import uuid

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from app.engine.topic_ids import topic_ids


async def ids_when_known(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, bytes]:
    """What is made is not known at once on every broker."""
    async with asyncio.timeout(20):
        while not (found := await topic_ids(admin, names)):  # noqa: ASYNC110 - the broker tells only who asks
            await asyncio.sleep(0.05)
    return found


async def ids_of_two_lives(address: str) -> tuple[dict[str, bytes], dict[str, bytes], str]:
    name = f"ids-{uuid.uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        found = []
        for _ in range(2):
            await admin.create_topics([NewTopic(name, 1, 1)])
            found.append(await ids_when_known(admin, [name, "ids-of-no-topic"]))
            await admin.delete_topics([name])
    finally:
        await admin.close()
    return found[0], found[1], name


def assert_different(before: dict[str, bytes], after: dict[str, bytes], name: str) -> None:
    assert (set(before), set(after)) == ({name}, {name})
    assert len(before[name]) == len(after[name]) == 16
    assert before != after


@pytest.mark.broker
async def test_a_topic_made_anew_has_another_id(kafka: str) -> None:
    assert_different(*await ids_of_two_lives(kafka))


async def test_it_has_on_the_embedded_broker_too(tansu: str) -> None:
    assert_different(*await ids_of_two_lives(tansu))
