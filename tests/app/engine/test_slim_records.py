from typing import Any

from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord

from app.engine.slim_records import AS_PARSED


def parsed(key_deserializer: Any) -> list[Any]:
    builder = DefaultRecordBatchBuilder(2, 0, True, -1, -1, -1, 1 << 20)
    for n in range(3):
        builder.append(n, 1_000 + n, b"k%d" % n, None if n == 1 else b"v", [("h", b"x")])
    records = MemoryRecords(bytes(builder.build()))
    found = fetcher.PartitionRecords(
        TopicPartition("t", 0), records, [], 1,
        key_deserializer=key_deserializer, value_deserializer=None, check_crcs=True, isolation_level=0,
    )  # fmt: skip
    return list(found)


def test_records_come_as_the_parser_made_them_where_that_is_asked_for() -> None:
    found = parsed(AS_PARSED)
    assert [(r.offset, r.timestamp, r.key, r.value) for r in found] == [
        (1, 1_001, b"k1", None), (2, 1_002, b"k2", b"v")
    ]  # fmt: skip
    assert not any(isinstance(record, ConsumerRecord) for record in found)
    assert [tuple(name for name, _ in record.headers) for record in found] == [("h",), ("h",)]


def test_other_consumers_get_what_aiokafka_gives() -> None:
    assert all(isinstance(record, ConsumerRecord) for record in parsed(None))
    assert AS_PARSED(b"k") == b"k"
