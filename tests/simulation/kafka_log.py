"""Partitions of a simulated Kafka: record batches, the transactions they belong to, markers, last stable offsets."""

from bisect import bisect_left
from collections.abc import Callable
from typing import Any, NamedTuple

from aiokafka import TopicPartition


class Record(NamedTuple):
    """A record as a consumer gets it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Transaction:
    """One transaction of one producer: open, then "commit" or "abort"; markers reach each partition by themselves."""

    def __init__(self, producer_id: int, epoch: int, began: float) -> None:
        self.producer_id = producer_id
        self.epoch = epoch
        self.began = began
        self.outcome: str | None = None
        self.partitions: set[TopicPartition] = set()
        self.has_group = False
        self.offsets: dict[TopicPartition, int] = {}


class Marker(NamedTuple):
    """A control record."""

    offset: int
    transaction: Transaction


class Partition:
    """One log. Transactional records are seen by read_committed once their transaction's marker is here."""

    def __init__(self, tp: TopicPartition, changed: Callable[[TopicPartition], None]) -> None:
        self.tp = tp
        self._changed = changed
        self.end = 0
        self._offsets: list[int] = []
        self._records: list[tuple[Record | Marker, Transaction | None]] = []
        #: Every record there ever was, whatever compaction removes.
        self._history: list[tuple[Record, Transaction | None]] = []
        #: First offset of each transaction that is open here.
        self.open: dict[Transaction, int] = {}
        #: By producer: epoch, next sequence number, and the batches lately taken (sequence -> offset).
        self.producers: dict[int, tuple[int, int, dict[int, int]]] = {}

    @property
    def last_stable(self) -> int:
        return min(self.open.values(), default=self.end)

    def append(self, records: list[Any], transaction: Transaction | None = None) -> int:
        """Take a batch whole; answers its first offset."""
        base = self.end
        if transaction is not None:
            self.open.setdefault(transaction, base)
        for n, (timestamp, key, value, headers) in enumerate(records):
            self._offsets.append(base + n)
            self._records.append((Record(base + n, timestamp, key, value, headers), transaction))
            self._history.append(self._records[-1])  # type: ignore[arg-type]
        self.end += len(records)
        self._changed(self.tp)
        return base

    def end_transaction(self, transaction: Transaction) -> None:
        """Write the marker."""
        self._offsets.append(self.end)
        self._records.append((Marker(self.end, transaction), transaction))
        self.end += 1
        self.open.pop(transaction, None)
        self._changed(self.tp)

    def read(self, start: int, most: int = 1 << 30) -> tuple[list[Record], int]:
        """Up to so many committed records from an offset on, and where to read next."""
        stop = self.last_stable
        found: list[Record] = []
        at = bisect_left(self._offsets, start)
        while at < len(self._records) and self._offsets[at] < stop:
            if len(found) == most:
                return found, self._offsets[at]
            record, transaction = self._records[at]
            if type(record) is Record and (transaction is None or transaction.outcome == "commit"):
                found.append(record)
            at += 1
        return found, max(start, stop)

    def decided(self) -> list[Record]:
        """Every record that ever was committed, or will be as soon as its marker arrives."""
        return [record for record, of in self._history if of is None or of.outcome == "commit"]

    def compact(self, spare: int) -> int:
        """Remove what newer records of the same key stand for, but for the last few; answers how many went."""
        stop = min(self.last_stable, self.end - spare)
        newest = {record.key: record.offset for record in self.read(0)[0] if record.offset < stop}
        kept, before = [], len(self._records)
        for offset, (record, transaction) in zip(self._offsets, self._records, strict=True):
            if offset < stop and (
                type(record) is Marker
                or (transaction is not None and transaction.outcome == "abort")
                or newest[record.key] != offset
            ):
                continue
            kept.append((offset, (record, transaction)))
        self._offsets = [offset for offset, _ in kept]
        self._records = [entry for _, entry in kept]
        return before - len(kept)
