"""A simulated Kafka: the requests a producer and a group member send, answered as the real one does."""

from collections.abc import Callable
from random import Random
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.record.memory_records import MemoryRecords

from app.engine.task import TaskId
from app.engine.topic_specs import PARTITIONS
from tests.simulation.group import Group
from tests.simulation.kafka_log import Partition
from tests.simulation.transactions import NONE, OUT_OF_ORDER_SEQUENCE, Transactions
from tests.simulation.virtual_time import EPOCH_S

NODES = 3
SEQUENCES_KEPT = 5
REFUSED = 10  # MessageSizeTooLarge stands for everything that a producer must not try again
WATCH_S = 0.5

Answer = Callable[[Any], None]


class Broker:
    """All topics, one transaction coordinator, one group."""

    def __init__(self, rng: Random, loop: Any, *, tasks: list[TaskId], standbys: int) -> None:
        self._loop = loop
        self._fetches: dict[TopicPartition, list[list[Any]]] = {}
        self.partitions = {
            TopicPartition(topic, n): Partition(TopicPartition(topic, n), self._changed)
            for topic, count in PARTITIONS.items()
            for n in range(count)
        }
        #: Committed offsets of the group.
        self.offsets: dict[TopicPartition, int] = {}
        self.transactions = Transactions(
            self.partitions, rng, later=self._later, now=loop.time, offsets=self.offsets.update
        )
        self.group = Group(tasks, later=self._later, now=loop.time, standbys=standbys)
        #: Batches still to be refused.
        self.refusing = 0
        self.refused = 0
        self._watch()

    def _later(self, seconds: float, call: Callable[..., None], *values: Any) -> None:
        self._loop.later(seconds, call, *values)

    def _watch(self) -> None:
        self.transactions.expire()
        self.group.expire()
        self._later(WATCH_S, self._watch)

    def handle(self, request: Any, answer: Answer) -> None:
        """Do what a request asks for; its answer may come later."""
        name = type(request).__name__
        handler: Callable[[Any, Answer], None] = getattr(self, f"_on{name if name[0] == '_' else '_' + name}")
        handler(request, answer)

    def _on_InitProducerIdRequest(self, request: Any, answer: Answer) -> None:  # noqa: N802
        error, producer_id, epoch = self.transactions.init(request._transactional_id, request._transaction_timeout_ms)
        answer(SimpleNamespace(error_code=error, producer_id=producer_id, producer_epoch=epoch))

    def _on_AddPartitionsToTxnRequest(self, request: Any, answer: Answer) -> None:  # noqa: N802
        tps = [TopicPartition(topic, n) for topic, numbers in request._topics for n in numbers]
        error = self.transactions.add_partitions(request._transactional_id, _producer(request), tps)
        answer(SimpleNamespace(errors=[(topic, [(n, error) for n in numbers]) for topic, numbers in request._topics]))

    def _on_AddOffsetsToTxnRequest(self, request: Any, answer: Answer) -> None:  # noqa: N802
        error = self.transactions.add_group(request._transactional_id, _producer(request))
        answer(SimpleNamespace(error_code=error))

    def _on_TxnOffsetCommitRequest(self, request: Any, answer: Answer) -> None:  # noqa: N802
        """Version 0, which knows no generation."""
        wanted = [(topic, [(n, offset) for n, offset, _ in found]) for topic, found in request._topics]
        error = self._claim(request._transactional_id, _producer(request), wanted)
        answer(SimpleNamespace(errors=[(topic, [(n, error) for n, _ in found]) for topic, found in wanted]))

    def _on_TxnOffsetCommit(self, request: Any, answer: Answer) -> None:  # noqa: N802
        """Version 3."""
        transactional_id, _group, producer_id, epoch, generation, member_id, _instance, topics, _tags = request._fields
        wanted = [(topic, [(at[0], at[1]) for at in found]) for topic, found, _ in topics]
        error = self.group.check(generation, member_id)
        error = error or self._claim(transactional_id, (producer_id, epoch), wanted)
        answer(SimpleNamespace(errors=[(topic, [(n, error, {}) for n, _ in found], {}) for topic, found in wanted]))

    def _claim(self, transactional_id: str, producer: tuple[int, int], topics: Any) -> int:
        offsets = {TopicPartition(topic, n): offset for topic, found in topics for n, offset in found}
        return self.transactions.commit_offsets(transactional_id, producer, offsets)

    def _on_EndTxnRequest(self, request: Any, answer: Answer) -> None:  # noqa: N802
        outcome = "commit" if request._transaction_result else "abort"
        error = self.transactions.end(request._transactional_id, _producer(request), outcome)
        answer(SimpleNamespace(error_code=error))

    def _on_ProduceRequest(self, request: Any, answer: Answer) -> None:  # noqa: N802
        topics = [
            (topic, [(n, *self._produce(TopicPartition(topic, n), bytes(data)), -1) for n, data in found])
            for topic, found in request._topics
        ]
        answer(SimpleNamespace(API_VERSION=3, topics=topics))

    def _produce(self, tp: TopicPartition, data: bytes) -> tuple[int, int]:
        """Error code and first offset."""
        batch = MemoryRecords(data).next_batch()
        producer, first = (batch.producer_id, batch.producer_epoch), batch.base_sequence
        partition = self.partitions[tp]
        epoch, due, taken = partition.producers.get(producer[0], (-1, 0, {}))
        if producer[1] == epoch and first in taken:
            return NONE, taken[first]
        error, transaction = self.transactions.writable(producer, tp)
        if transaction is None:
            return error, -1
        if self.refusing:
            self.refusing -= 1
            self.refused += 1
            return REFUSED, -1
        if first != (due if producer[1] == epoch else 0):
            return OUT_OF_ORDER_SEQUENCE, -1
        # Records without a time of their own carry the real one, which no two runs share.
        now = int((EPOCH_S + self._loop.now) * 1_000)
        records = [(min(r.timestamp, now), r.key, r.value, tuple(r.headers)) for r in batch]
        base = partition.append(records, transaction)
        kept = dict([*(taken.items() if producer[1] == epoch else ()), (first, base)][-SEQUENCES_KEPT:])
        partition.producers[producer[0]] = producer[1], first + len(records), kept
        return NONE, base

    def _on_Join(self, request: Any, answer: Answer) -> None:  # noqa: N802
        self.group.join(request.member_id, request.claim, answer)

    def _on_Heartbeat(self, request: Any, answer: Answer) -> None:  # noqa: N802
        answer(self.group.heartbeat(request.member_id, request.generation))

    def _on_Leave(self, request: Any, answer: Answer) -> None:  # noqa: N802
        self.group.leave(request.member_id)
        answer(None)

    def _on_Ends(self, request: Any, answer: Answer) -> None:  # noqa: N802
        """ListOffsets, in one go as the reader asks for it."""
        found = {tp: self.partitions[tp] for tp in request.partitions}
        answer({tp: log.last_stable if request.committed else log.end for tp, log in found.items()})

    def _on_Fetch(self, request: Any, answer: Answer) -> None:  # noqa: N802
        """Committed records from each position: records, next position, last stable offset."""
        waiting = [request, answer]
        if self._answered(waiting) or not request.wait_s:
            self._answer(waiting)
            return
        for tp in request.positions:
            self._fetches.setdefault(tp, []).append(waiting)
        self._later(request.wait_s, self._answer, waiting)

    def _answered(self, waiting: list[Any]) -> bool:
        """Whether a fetch need not wait (any more)."""
        partitions = self.partitions
        return not waiting or any(partitions[tp].last_stable > at for tp, at in waiting[0].positions.items())

    def _answer(self, waiting: list[Any]) -> None:
        if waiting:
            request, answer = waiting
            waiting.clear()
            found = {tp: (self.partitions[tp], start) for tp, start in request.positions.items()}
            answer({tp: (*log.read(start, request.most), log.last_stable) for tp, (log, start) in found.items()})

    def _changed(self, tp: TopicPartition) -> None:
        for waiting in self._fetches.pop(tp, ()):
            if self._answered(waiting):
                self._answer(waiting)
            else:
                self._fetches.setdefault(tp, []).append(waiting)


def _producer(request: Any) -> tuple[int, int]:
    return request._producer_id, request._producer_epoch
