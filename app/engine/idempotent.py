"""An idempotent producer for every broker: aiokafka asks for its producer id in version 0, which Tansu refuses."""

from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.producer import sender
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactString, Int16, Int32, Int64, Schema, TaggedFields

_INIT_PRODUCER_ID = 22
_NONE_YET = -1


class _Response(Response):  # type: ignore[misc]
    API_KEY = _INIT_PRODUCER_ID
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("producer_id", Int64),
        ("producer_epoch", Int16),
        ("tags", TaggedFields),
    )


class _Request(RequestStruct):  # type: ignore[misc]
    API_KEY = _INIT_PRODUCER_ID
    API_VERSION = 3
    RESPONSE_TYPE = _Response
    FLEXIBLE_VERSION = True
    SCHEMA = Schema(
        ("transactional_id", CompactString("utf-8")),
        ("transaction_timeout_ms", Int32),
        ("producer_id", Int64),
        ("producer_epoch", Int16),
        ("tags", TaggedFields),
    )


class _InitProducerId(Request[_Request]):  # type: ignore[misc]
    API_KEY = _INIT_PRODUCER_ID

    def __init__(self, timeout_ms: int) -> None:
        self._timeout_ms = timeout_ms

    def build(self, request_struct_class: type[_Request]) -> _Request:
        return request_struct_class(None, self._timeout_ms, _NONE_YET, _NONE_YET, {})


class _Handler(sender.InitPIDHandler):  # type: ignore[misc]
    def create_request(self) -> _InitProducerId:
        return _InitProducerId(self._sender._txn_manager.transaction_timeout_ms)


class _Sender(sender.Sender):  # type: ignore[misc]
    async def _do_init_pid(self, node_id: int) -> bool:
        return bool(await _Handler(self).do(node_id))


class IdempotentProducer(AIOKafkaProducer):  # type: ignore[misc]
    """acks=all, idempotent, snappy, linger 5 ms; options as AIOKafkaProducer's, added or replaced."""

    def __init__(self, **options: Any) -> None:
        delivery = {"acks": "all", "enable_idempotence": True, "compression_type": "snappy", "linger_ms": 5}
        super().__init__(**delivery | options)
        self._sender.__class__ = _Sender
