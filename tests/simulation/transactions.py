"""The transaction coordinator of a simulated Kafka: epochs, fencing, markers that take their time, timeouts."""

from collections.abc import Callable, Iterable
from random import Random

from aiokafka import TopicPartition

from tests.simulation.kafka_log import Partition, Transaction

NONE = 0
OUT_OF_ORDER_SEQUENCE = 45
INVALID_PRODUCER_EPOCH = 47
INVALID_TXN_STATE = 48
INVALID_PRODUCER_ID_MAPPING = 49
CONCURRENT_TRANSACTIONS = 51

MARKER_S = 0.004


class Identity:
    """What the coordinator knows of a transactional id."""

    def __init__(self, producer_id: int) -> None:
        self.producer_id = producer_id
        self.epoch = -1
        self.timeout_s = 0.0
        #: The transaction that is open, or whose markers are still being written.
        self.current: Transaction | None = None
        #: How the last one ended.
        self.last: str | None = None


class Transactions:
    """All transactional ids; `later` calls something after so many seconds, `offsets` is told of committed offsets."""

    def __init__(
        self,
        partitions: dict[TopicPartition, Partition],
        rng: Random,
        *,
        later: Callable[..., None],
        now: Callable[[], float],
        offsets: Callable[[dict[TopicPartition, int]], None],
    ) -> None:
        self._partitions = partitions
        self._rng = rng
        self._later = later
        self._now = now
        self._offsets = offsets
        self._ids: dict[str, Identity] = {}
        self._by_producer: dict[int, Identity] = {}
        self.timed_out = 0
        self.fenced = 0

    def init(self, transactional_id: str, timeout_ms: int) -> tuple[int, int, int]:
        """InitProducerId: error, producer id, epoch. Ends what is open and fences whoever had the id."""
        identity = self._ids.get(transactional_id)
        if identity is None:
            identity = self._ids[transactional_id] = Identity(1_000 + len(self._ids))
            self._by_producer[identity.producer_id] = identity
        if identity.current is not None:
            if identity.current.outcome is None:
                identity.epoch += 1
                self._finish(identity, "abort")
            return CONCURRENT_TRANSACTIONS, -1, -1
        identity.epoch += 1
        identity.timeout_s = timeout_ms / 1_000
        identity.last = None
        return NONE, identity.producer_id, identity.epoch

    def add_partitions(
        self, transactional_id: str, producer: tuple[int, int], partitions: Iterable[TopicPartition]
    ) -> int:
        """AddPartitionsToTxn; the first one begins a transaction."""
        error, transaction = self._joined(transactional_id, producer)
        if transaction is not None:
            transaction.partitions.update(partitions)
        return error

    def add_group(self, transactional_id: str, producer: tuple[int, int]) -> int:
        """AddOffsetsToTxn."""
        error, transaction = self._joined(transactional_id, producer)
        if transaction is not None:
            transaction.has_group = True
        return error

    def commit_offsets(
        self, transactional_id: str, producer: tuple[int, int], offsets: dict[TopicPartition, int]
    ) -> int:
        """TxnOffsetCommit, as far as the transaction is concerned: kept until it ends."""
        error, identity = self._checked(transactional_id, producer)
        if identity is None:
            return error
        if identity.current is None or identity.current.outcome is not None or not identity.current.has_group:
            return INVALID_TXN_STATE
        identity.current.offsets.update(offsets)
        return NONE

    def end(self, transactional_id: str, producer: tuple[int, int], outcome: str) -> int:
        """EndTxn."""
        error, identity = self._checked(transactional_id, producer)
        if identity is None:
            return error
        if identity.current is None:
            return NONE if identity.last == outcome else INVALID_TXN_STATE
        if identity.current.outcome is not None:
            return CONCURRENT_TRANSACTIONS if identity.current.outcome == outcome else INVALID_TXN_STATE
        self._finish(identity, outcome)
        return NONE

    def writable(self, producer: tuple[int, int], tp: TopicPartition) -> tuple[int, Transaction | None]:
        """Whether a producer's open transaction includes a partition (KIP-890, part 1)."""
        identity = self._by_producer[producer[0]]
        if identity.epoch != producer[1]:
            self.fenced += 1
            return INVALID_PRODUCER_EPOCH, None
        transaction = identity.current
        if transaction is None or transaction.outcome is not None or tp not in transaction.partitions:
            return INVALID_TXN_STATE, None
        return NONE, transaction

    def expire(self) -> None:
        """Abort what is open for too long."""
        for identity in self._ids.values():
            current = identity.current
            if current and current.outcome is None and self._now() - current.began > identity.timeout_s:
                self.timed_out += 1
                identity.epoch += 1
                self._finish(identity, "abort")

    def is_idle(self) -> bool:
        """Whether no transaction is open anywhere."""
        return all(identity.current is None for identity in self._ids.values())

    def _checked(self, transactional_id: str, producer: tuple[int, int]) -> tuple[int, Identity | None]:
        identity = self._ids[transactional_id]
        if producer[0] != identity.producer_id:
            return INVALID_PRODUCER_ID_MAPPING, None
        if producer[1] != identity.epoch:
            self.fenced += 1
            return INVALID_PRODUCER_EPOCH, None
        return NONE, identity

    def _joined(self, transactional_id: str, producer: tuple[int, int]) -> tuple[int, Transaction | None]:
        error, identity = self._checked(transactional_id, producer)
        if identity is None:
            return error, None
        if identity.current is None:
            identity.current = Transaction(identity.producer_id, identity.epoch, self._now())
            identity.last = None
        if identity.current.outcome is not None:
            return CONCURRENT_TRANSACTIONS, None
        return NONE, identity.current

    def _finish(self, identity: Identity, outcome: str) -> None:
        transaction = identity.current
        assert transaction is not None
        transaction.outcome = outcome
        left = [tp for tp in transaction.partitions if transaction in self._partitions[tp].open]
        waiting = {"n": len(left) + 1}

        def written(tp: TopicPartition | None) -> None:
            if tp is not None:
                self._partitions[tp].end_transaction(transaction)
            elif outcome == "commit":
                self._offsets(transaction.offsets)
            waiting["n"] -= 1
            if not waiting["n"]:
                identity.current, identity.last = None, outcome

        for tp in [*sorted(left), None]:
            self._later(self._rng.random() * MARKER_S, written, tp)
