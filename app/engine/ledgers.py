"""How pending changes come true in Kafka: in one fenced transaction, or acknowledged batch by batch.

Both write a task's changelog as one record batch that ends with its position, so that state and position agree wherever
the other end breaks off. Only the order of the steps differs; docs/delivery.md has it with what each crash leaves
behind.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    ConsumerStoppedError,
    IllegalGenerationError,
    IllegalOperation,
    KafkaError,
    RebalanceInProgressError,
)
from aiokafka.structs import OffsetAndMetadata

from app.engine.clients import stop
from app.engine.committer import CommitFailed, GroupMoved
from app.engine.kip447 import Membership, TransactionalProducer
from app.engine.pending import Pending
from app.engine.sending import Sending
from app.engine.task import Task, TaskId

# Far above what is pending at once (app.engine.pending): only a single row of this size would not fit.
CHANGELOG_BATCH_BYTES_MAX = 90 << 20
TRANSACTION_TIMEOUT_MS = 10_000
_COMMIT_TIMEOUT_S = 15.0
_ABORT_TIMEOUT_S = 2.0

#: What aiokafka's clients raise. A state they don't expect fails an assertion or is an "illegal operation".
FAILURES = (KafkaError, IllegalOperation, ConsumerStoppedError, AssertionError, TimeoutError)

Offsets = dict[TopicPartition, OffsetAndMetadata]
Taken = list[tuple[Task, Pending]]

PRODUCER_OPTIONS: dict[str, Any] = {
    "acks": "all",
    "enable_idempotence": True,
    "compression_type": "snappy",
    "linger_ms": 5,
    "max_batch_size": CHANGELOG_BATCH_BYTES_MAX,
    "max_request_size": 100 << 20,
}


def offsets_of(taken: Taken) -> Offsets:
    """Source offsets that a commit of these changes claims."""
    return {
        TopicPartition(topic, task.partition): OffsetAndMetadata(offset, "")
        for task, pending in taken
        for topic, offset in pending.offsets.items()
    }


Producer = TypeVar("Producer", bound=AIOKafkaProducer)


class _OneProducer(Generic[Producer]):
    """A producer that is started when it is first needed, and can be given up for a new one."""

    def __init__(self, new_producer: Callable[[], Producer]) -> None:
        self._new_producer = new_producer
        self._producer: Producer | None = None
        self._starting = asyncio.Lock()

    async def _started(self) -> Producer:
        async with self._starting:  # a commit and a restore may ask for it at the same time
            if self._producer is None:
                producer = self._new_producer()
                try:
                    await producer.start()
                except BaseException:
                    await abandon(producer)
                    raise
                self._producer = producer
            return self._producer

    async def close(self) -> None:
        """Give the producer up without waiting for what it still holds."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await abandon(producer)


class TransactionalLedger(_OneProducer[TransactionalProducer]):
    """Exactly once: changelogs, outputs and offsets in one transaction, fenced by the group's generation (KIP-447)."""

    fenced = True

    def __init__(self, new_producer: Callable[[], TransactionalProducer], group_id: str) -> None:
        super().__init__(new_producer)
        self._group_id = group_id
        self._running: asyncio.Future[dict[TaskId, int]] | None = None
        self.membership = Membership(-1, "", None)

    async def commit(self, taken: Taken) -> dict[TaskId, int]:
        """One transaction; on any error nothing is known to be true, and the producer is given up."""
        # Kafka lets offsets in unchecked that name no member at all.
        if self.membership.generation < 0:
            raise CommitFailed("no member of the group")
        # As of now: with a later one, changes of a partition that moved meanwhile would be let in.
        self._running = running = asyncio.ensure_future(self._commit(taken, self.membership))
        try:
            done, _ = await asyncio.wait((running,), timeout=_COMMIT_TIMEOUT_S)
            if not done or running.cancelled():
                raise CommitFailed("given up")
            return running.result()
        except FAILURES as error:
            raise CommitFailed(f"{type(error).__name__}") from error
        finally:
            running.cancel()

    async def _commit(self, taken: Taken, membership: Membership) -> dict[TaskId, int]:
        producer = await self._started()
        producer.set_membership(membership)
        await producer.begin_transaction()  # step 2
        # Step 3. Each batch is sent as it is queued; kip447 waits until all are in the log: steps 4 and 5.
        sending = Sending(producer)
        changelogs = {task.id: await sending.changelog(task, pending) for task, pending in taken}
        await sending.outputs(send for _, pending in taken for send in pending.sends)
        claiming = asyncio.ensure_future(producer.send_offsets_to_transaction(offsets_of(taken), self._group_id))
        try:
            await sending.arrived(claiming)
        except (IllegalGenerationError, RebalanceInProgressError) as error:
            await self._undo(producer)
            raise GroupMoved from error
        finally:
            claiming.cancel()
        await producer.commit_transaction()  # step 6
        # The commit marker takes one more offset behind each batch.
        return {task: await sent.end() + 1 for task, sent in changelogs.items()}

    async def _undo(self, producer: TransactionalProducer) -> None:
        """Abort; where that fails Kafka does it when the next producer starts, and this one never ended anything."""
        try:
            await asyncio.wait_for(producer.abort_transaction(), _ABORT_TIMEOUT_S)
        except FAILURES:
            await self.close()

    async def prepare(self) -> None:
        """Start the producer: Kafka ends what a worker of the same id left open."""
        await self._started()

    async def renew(self) -> None:
        """A new producer under the same id: Kafka ends whatever the old one left open, and refuses it from then on."""
        if self._running is not None:
            self._running.cancel()
        await self.close()


class AcknowledgedLedger(_OneProducer[AIOKafkaProducer]):
    """At least once: outputs first, then changelogs, then offsets; the position in the changelog counts at a
    restart."""

    fenced = False

    def __init__(
        self, new_producer: Callable[[], AIOKafkaProducer], commit_offsets: Callable[[Offsets], Awaitable[None]]
    ) -> None:
        super().__init__(new_producer)
        self._commit_offsets = commit_offsets
        self.membership = Membership(-1, "", None)

    async def commit(self, taken: Taken) -> dict[TaskId, int]:
        """Each step is acknowledged before the next; a crash between them repeats, and the rules catch repetition."""
        try:
            producer = await self._started()
            sending = Sending(producer)
            await sending.outputs(send for _, pending in taken for send in pending.sends)
            await sending.arrived()
            changelogs = {task.id: await sending.changelog(task, pending) for task, pending in taken}
            offsets = {task: await sent.end() for task, sent in changelogs.items()}
            await self._commit_offsets(offsets_of(taken))
        except FAILURES as error:
            raise CommitFailed(f"{type(error).__name__}") from error
        return offsets

    async def prepare(self) -> None:
        """Nothing is ever left open without transactions."""

    async def renew(self) -> None:
        """A new producer; what the old one had in flight may still arrive, and counts once by its position."""
        await self.close()


async def abandon(producer: AIOKafkaProducer, timeout_s: float = 2.0) -> None:
    """Stop a producer; one that can't stop in time is left to the garbage collector with its connections closed."""
    try:
        await asyncio.wait_for(stop(producer), timeout_s)
    except FAILURES:
        # Its sender would connect again and try on, for ever.
        if producer._sender.sender_task is not None:
            producer._sender.sender_task.cancel()
        await producer.client.close()
