"""End offsets and a group's committed offsets, right on Kafka and on the embedded broker.

Tansu's ListOffsets answers the first offset of the last batch plus one, and it closes the connection when it is
asked for all offsets of a group: there the end comes from a fetch, and offsets are asked for by partition.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.fetch import FetchRequest

_TANSU = "tansu_cluster"
_READ_COMMITTED = 1
#: What each client is connected to: asking costs the metadata of all topics.
_is_tansu: WeakKeyDictionary[AIOKafkaAdminClient, bool] = WeakKeyDictionary()
_BEYOND = 1 << 62  # Tansu answers a fetch from beyond the end with the end and without records


async def end_offsets(
    admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]
) -> dict[TopicPartition, int]:
    """The last stable offsets, if the consumer reads committed, else the ends; raises KafkaError."""
    if not await is_tansu(admin):
        found: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
        return found
    topics: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for tp in partitions:
        topics[tp.topic].append((tp.partition, _BEYOND, 1))
    request = FetchRequest(1, 1, 1, _READ_COMMITTED, list(topics.items()))
    answer = await admin._client.send(admin._client.get_random_node(), request)
    return {TopicPartition(topic, at[0]): _end(at) for topic, found in answer.topics for at in found}


async def committed_offsets(
    admin: AIOKafkaAdminClient, group: str, partitions: Sequence[TopicPartition]
) -> dict[TopicPartition, int]:
    """The group's committed offsets of those partitions that have one; raises KafkaError."""
    found = await admin.list_consumer_group_offsets(group, partitions=list(partitions))
    return {tp: at.offset for tp, at in found.items() if at.offset >= 0}


async def is_tansu(admin: AIOKafkaAdminClient) -> bool:
    """Whether the broker is the embedded one, of this worker or of another."""
    found = _is_tansu.get(admin)
    if found is None:
        found = _is_tansu[admin] = bool((await admin.describe_cluster())["cluster_id"] == _TANSU)
    return found


def _end(answer: Any) -> int:
    _, code, end, *_ = answer
    if code:
        raise for_code(code)()
    return int(end)
