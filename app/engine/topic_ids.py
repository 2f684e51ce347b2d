"""Kafka's own ids of topics, which tell a topic from another of the same name that took its place.

They came with version 10 of the Metadata request (KIP-516); aiokafka 0.14 knows versions up to 5.
"""

from collections.abc import Iterable
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    AbstractType,
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

_METADATA = 3
_VERSION = 12
_TEXT = CompactString("utf-8")
_NUMBERS = CompactArray(Int32)


class _Uuid(AbstractType[bytes]):  # type: ignore[misc]
    """16 bytes."""

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: Any) -> bytes:
        return bytes(data.read(16))


class _Response(Response):  # type: ignore[misc]
    API_KEY = _METADATA
    API_VERSION = _VERSION
    _BROKER = CompactArray(
        ("node_id", Int32), ("host", _TEXT), ("port", Int32), ("rack", _TEXT), ("tags", TaggedFields)
    )
    _PARTITION = CompactArray(
        ("error_code", Int16),
        ("partition", Int32),
        ("leader", Int32),
        ("leader_epoch", Int32),
        ("replicas", _NUMBERS),
        ("isr", _NUMBERS),
        ("offline", _NUMBERS),
        ("tags", TaggedFields),
    )
    _TOPIC = CompactArray(
        ("error_code", Int16),
        ("topic", _TEXT),
        ("topic_id", _Uuid),
        ("is_internal", Boolean),
        ("partitions", _PARTITION),
        ("authorized_operations", Int32),
        ("tags", TaggedFields),
    )
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", _BROKER),
        ("cluster_id", _TEXT),
        ("controller_id", Int32),
        ("topics", _TOPIC),
        ("tags", TaggedFields),
    )


class _Request(RequestStruct):  # type: ignore[misc]
    API_KEY = _METADATA
    API_VERSION = _VERSION
    RESPONSE_TYPE = _Response
    FLEXIBLE_VERSION = True
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("topic", _TEXT), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _Metadata(Request[_Request]):  # type: ignore[misc]
    API_KEY = _METADATA

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics: list[tuple[bytes, str, dict[int, bytes]]] = [(bytes(16), topic, {}) for topic in topics]

    def build(self, request_struct_class: type[_Request]) -> _Request:
        return request_struct_class(self._topics, False, False, {})


async def topic_ids(admin: AIOKafkaAdminClient, topics: Iterable[str]) -> dict[str, bytes]:
    """Ids by topic, of those the broker has one for; raises KafkaError."""
    answer = await admin._client.send(admin._client.get_random_node(), _Metadata(topics))
    return {topic: id for code, topic, id, *_ in answer.topics if not code and any(id)}
