"""Records as aiokafka's parser makes them, without the copy into a ConsumerRecord that costs half of reading.

A consumer made with `key_deserializer=AS_PARSED` gets records with offset, timestamp, key, value and headers, and
nothing else; other consumers in the process get what aiokafka always gives.
"""

from typing import Any, NamedTuple

from aiokafka.consumer import fetcher


class Fetched(NamedTuple):
    """Everything a source partition holds for us in the offsets [start, stop)."""

    start: int
    stop: int
    records: list[Any]


def AS_PARSED(key: Any) -> Any:  # noqa: N802 - a constant that happens to be callable, as aiokafka wants it
    """The key, unchanged."""
    return key


class _PartitionRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    def __iter__(self) -> Any:
        return self._records_iterator if self._key_deserializer is AS_PARSED else self

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        return record if self._key_deserializer is AS_PARSED else super()._consumer_record(tp, record)


fetcher.PartitionRecords = _PartitionRecords
