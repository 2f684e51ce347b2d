"""What a reader of committed records finds, on Kafka and on the embedded broker, and topics of a test's own."""

import asyncio
import uuid
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from app.engine.offsets import committed_offsets, end_offsets

PARTITIONS = 3


class Topics(NamedTuple):
    """Topics and a group that no other test uses; each topic has three partitions."""

    source: str
    changelog: str
    out: str
    group: str


async def _are_known(admin: AIOKafkaAdminClient, topics: Topics) -> bool:
    found = await admin.describe_topics(list(topics[:3]))
    return all(each["error_code"] == 0 and len(each["partitions"]) == PARTITIONS for each in found)


async def own_topics(address: str) -> Topics:
    """Create them, and wait until they are known."""
    run = uuid.uuid4().hex[:8]
    topics = Topics(f"{run}-source", f"{run}-changelog", f"{run}-out", f"{run}-group")
    configs = {"max.message.bytes": str(8 << 20)}
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=configs) for name in topics[:3]])
        async with asyncio.timeout(20):
            while not await _are_known(admin, topics):  # noqa: ASYNC110 - the broker tells only who asks
                await asyncio.sleep(0.02)
    finally:
        await admin.close()
    return topics


class Reader:
    """Reads whole partitions, committed records only; use as an async context manager."""

    def __init__(self, address: str) -> None:
        options = {"bootstrap_servers": address}
        self._admin = AIOKafkaAdminClient(**options)
        self._consumer = AIOKafkaConsumer(
            **options, isolation_level="read_committed", enable_auto_commit=False, fetch_max_wait_ms=20
        )
        self._log = AIOKafkaConsumer(**options, enable_auto_commit=False)

    async def __aenter__(self) -> "Reader":
        await self._admin.start()
        await self._consumer.start()
        await self._log.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._log.stop()
        await self._consumer.stop()
        await self._admin.close()

    async def end(self, topic: str, partition: int = 0) -> int:
        """The end, once no transaction is open any more: its marker follows the answer to EndTxn."""
        tp = TopicPartition(topic, partition)
        async with asyncio.timeout(20):
            while True:
                stable = (await end_offsets(self._admin, self._consumer, [tp]))[tp]
                if stable == (await end_offsets(self._admin, self._log, [tp]))[tp]:
                    return stable

    async def records(self, topic: str, partition: int = 0) -> list[Any]:
        """All that is committed."""
        tp, end = TopicPartition(topic, partition), await self.end(topic, partition)
        self._consumer.assign([tp])
        self._consumer.seek(tp, 0)
        found: list[Any] = []
        while await self._consumer.position(tp) < end:
            for batch in (await self._consumer.getmany(tp, timeout_ms=200)).values():
                found += batch
        return found

    async def changes(self, topic: str, partition: int = 0) -> list[tuple[bytes, bytes | None]]:
        """Keys and values of all that is committed."""
        return [(record.key, record.value) for record in await self.records(topic, partition)]

    async def committed(self, group: str, topic: str) -> dict[int, int]:
        """The group's offsets by partition."""
        wanted = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        return {tp.partition: at for tp, at in (await committed_offsets(self._admin, group, wanted)).items()}

    async def reaches(self, group: str, topic: str, wanted: dict[int, int]) -> bool:
        """Wait until these are the group's offsets: the marker of a transaction follows the answer to EndTxn."""
        async with asyncio.timeout(20):
            while await self.committed(group, topic) != wanted:
                pass
        return True
