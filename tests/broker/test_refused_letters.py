"""Dead letters that can't be written, on real Kafka: their partition stands still, others go on, nothing is skipped."""

import random
import time
from typing import Any

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from app.engine.topic_specs import LARGE_MESSAGE_BYTES, SPECS
from app.simulator.encoding import INVENTORY, JSON, encode
from app.simulator.outgoing import Outgoing
from app.simulator.reference.murmur2 import partition_of
from tests.broker.harness import Harness
from tests.broker.kafka_log import GROUP, dead_letters
from tests.broker.waiting import scraped, until

pytestmark = pytest.mark.broker

HELD, FREE = "store-held", "store-free"
PARTITION = partition_of(HELD.encode(), 24)
LETTERS = f"{INVENTORY}-dlt"
STOPPED = f'stayshelf_partition_stopped{{partition="{PARTITION}",reason="refused",topic="{INVENTORY}"}}'
#: Noise, so that no compression makes it fit.
POISON = b"\x07" + random.Random(1).randbytes(200_000)


def received(store: str, number: int) -> Outgoing:
    event = {
        "eventId": f"{store} {number}",
        "locationType": "STORE",
        "locationId": store,
        "itemId": "item",
        "eventType": "RECEIPT",
        "quantity": 10**number,
        "occurredAt": int(time.time() * 1_000),
    }
    return Outgoing(INVENTORY, store.encode(), encode(event, JSON))


async def on_hand(harness: Harness, store: str) -> Any:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{harness.workers[0].url}/v1/stores/{store}/stock/item") as answer,
    ):
        return (await answer.json()).get("onHand")


async def committed(harness: Harness) -> int:
    async with AIOKafkaConsumer(bootstrap_servers=harness.bootstrap, group_id=GROUP) as consumer:
        return await consumer.committed(TopicPartition(INVENTORY, PARTITION)) or 0


class Letters:
    """The dead letter topic, and what can be wrong with it."""

    def __init__(self, harness: Harness, how: str) -> None:
        self._admin = AIOKafkaAdminClient(bootstrap_servers=harness.bootstrap)
        self._how = how

    async def __aenter__(self) -> "Letters":
        await self._admin.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._admin.close()

    async def spoil(self) -> None:
        if self._how == "deleted":
            await self._admin.delete_topics([LETTERS])
        else:
            await self._limit(100_000)

    async def mend(self) -> None:
        if self._how == "deleted":
            (spec,) = (spec for spec in SPECS if spec.name == LETTERS)
            if LETTERS in await self._admin.list_topics():  # the broker may have made one of its own
                await self._admin.delete_topics([LETTERS])
                await until(self._is_gone)
            await self._admin.create_topics([NewTopic(LETTERS, spec.partitions, 1, topic_configs=spec.configs(1))])
        else:
            await self._limit(LARGE_MESSAGE_BYTES)

    async def _is_gone(self) -> bool:
        return LETTERS not in await self._admin.list_topics()

    async def _limit(self, most: int) -> None:
        configs = {"max.message.bytes": str(most)}
        await self._admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, LETTERS, configs)])


@pytest.mark.parametrize("how", ["deleted", "too small"])
async def test_a_partition_stands_still_until_its_letter_is_written(harness: Harness, how: str) -> None:
    (worker,) = await harness.start()
    async with Letters(harness, how) as topic:
        await topic.spoil()
        await harness.send([received(HELD, 0), Outgoing(INVENTORY, HELD.encode(), POISON), received(HELD, 1)])
        await until(lambda: scraped(worker, STOPPED), equals=1.0)
        await harness.send([received(FREE, number) for number in range(4)])
        await until(lambda: on_hand(harness, FREE), equals=1_111)
        assert await scraped(worker, STOPPED) == 1.0
        assert await committed(harness) <= 1, "nothing is skipped"
        assert await on_hand(harness, HELD) in (None, 1)
        await topic.mend()
        await until(lambda: on_hand(harness, HELD), equals=11)
        await until(lambda: scraped(worker, STOPPED), equals=None)
    (letter,) = await dead_letters(harness.bootstrap)
    assert (letter.partition, letter.key, letter.value) == (PARTITION, HELD.encode(), POISON)
    assert await committed(harness) == 3
    log = worker.log.read_text()
    assert log.count(f"{INVENTORY}-{PARTITION} stands still: {LETTERS}-{PARTITION} takes nothing from it") == 1
    assert log.count(f"{INVENTORY}-{PARTITION} goes on after") == 1
    assert "Traceback" not in log
    assert "its records will be read again" not in log, "the other partitions' commits came true"
