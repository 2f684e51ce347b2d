"""The engine with one step of its protocol broken. The simulation must find each of them."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from aiokafka.producer import sender

from app.delivery.duplicates import DuplicateIndex
from app.engine import kip447, ledgers
from app.engine.changelog_reader import ChangelogReader
from app.engine.committer import CommitFailed, Committer
from app.engine.consumer_thread import ConsumerThread
from app.engine.engine import Engine
from app.engine.kip447 import Membership
from app.engine.ledgers import TransactionalLedger
from app.engine.sending import Sending, Sent
from app.engine.storage import POSITION, PartitionStore
from app.engine.task import Task, TaskId

Mutant = Callable[[], AbstractContextManager[Any]]


async def _begun(ledger: Any, membership: Membership) -> Any:
    producer = await ledger._started()
    producer.set_membership(membership)
    await producer.begin_transaction()
    return producer


async def _sent(producer: Any, taken: ledgers.Taken, *, arrived: bool = True) -> dict[TaskId, Sent]:
    sending = Sending(producer)
    changelogs = {task.id: await sending.changelog(task, pending) for task, pending in taken}
    await sending.outputs(send for _, pending in taken for send in pending.sends)
    if arrived:
        await sending.arrived()
    return changelogs


async def _ended(producer: Any, changelogs: dict[TaskId, Sent]) -> dict[TaskId, int]:
    await producer.commit_transaction()
    return {task: await sent.end() + 1 for task, sent in changelogs.items()}


def position_out_of_the_write_batch() -> AbstractContextManager[Any]:
    """Rows in one WriteBatch, their position in another."""
    write = PartitionStore.write

    def apart(
        self: PartitionStore, rows: Iterable[tuple[bytes, bytes | None]], offset: int, index: Any, *, tallies: Any
    ) -> None:
        both = list(rows)
        write(self, [row for row in both if row[0] != POSITION], offset, index, tallies=tallies)
        if position := [row for row in both if row[0] == POSITION]:
            write(self, position, offset, {}, tallies={})

    return patch.object(PartitionStore, "write", apart)


def offsets_before_the_acknowledgement() -> AbstractContextManager[Any]:
    """Offsets are claimed while the changelogs are still on their way."""

    async def commit(self: Any, taken: ledgers.Taken, membership: Membership) -> dict[TaskId, int]:
        producer = await _begun(self, membership)
        await producer.send_offsets_to_transaction(ledgers.offsets_of(taken), self._group_id)
        return await _ended(producer, await _sent(producer, taken))

    return patch.object(TransactionalLedger, "_commit", commit)


def no_fencing() -> AbstractContextManager[Any]:
    """Offsets say nothing of generation and member: aiokafka's own request."""
    return patch.object(kip447, "_TxnOffsetCommitHandler", sender.TxnOffsetCommitHandler)


def the_membership_is_the_latest() -> AbstractContextManager[Any]:
    """A commit that takes long claims with whatever generation the worker has by then."""
    commit = TransactionalLedger._commit

    async def late(self: Any, taken: ledgers.Taken, _membership: Membership) -> dict[TaskId, int]:
        await self._started()
        await asyncio.sleep(0.02)
        return await commit(self, taken, self.membership)

    return patch.object(TransactionalLedger, "_commit", late)


def what_stayed_is_trusted_though_the_worker_was_out() -> AbstractContextManager[Any]:
    """Memory is kept over a generation in which somebody else may have owned the partition."""
    take_over = ConsumerThread._take_over

    def kept(self: Any, assignment: Any) -> None:
        take_over(self, assignment)
        self.kept = True

    return patch.object(ConsumerThread, "_take_over", kept)


def rows_before_the_commit() -> AbstractContextManager[Any]:
    """The disk is written first, then Kafka."""
    commit = TransactionalLedger.commit

    async def early(self: TransactionalLedger, taken: ledgers.Taken) -> dict[TaskId, int]:
        for task, pending in taken:
            task.store.write(pending.records(), task.store.changelog_offset, {}, tallies=None)
        return await commit(self, taken)

    return patch.object(TransactionalLedger, "commit", early)


def the_end_of_a_transaction_is_sent_again() -> AbstractContextManager[Any]:
    """EndTxn is repeated under the same epoch when no answer came (KAFKA-17754): aiokafka's own way."""
    return patch.object(kip447, "_EndTxnHandler", sender.EndTxnHandler)


def offsets_are_claimed_again() -> AbstractContextManager[Any]:
    """TxnOffsetCommit is repeated when no answer came: the first one may take a later transaction's offsets back."""
    return patch.object(kip447._TxnOffsetCommitHandler, "do", sender.BaseHandler.do)


def a_failed_commit_is_tried_again() -> AbstractContextManager[Any]:
    """What may have been committed is committed once more under a new producer."""
    commit = TransactionalLedger.commit

    async def twice(self: TransactionalLedger, taken: ledgers.Taken) -> dict[TaskId, int]:
        try:
            return await commit(self, taken)
        except CommitFailed:
            await self.renew()
            return await commit(self, taken)

    return patch.object(TransactionalLedger, "commit", twice)


def a_refused_batch_is_overlooked() -> AbstractContextManager[Any]:
    """The transaction ends though the broker took only some of its batches."""

    async def commit(self: Any, taken: ledgers.Taken, membership: Membership) -> dict[TaskId, int]:
        producer = await _begun(self, membership)
        changelogs = await _sent(producer, taken, arrived=False)
        await producer.send_offsets_to_transaction(ledgers.offsets_of(taken), self._group_id)
        return await _ended(producer, changelogs)

    return patch.object(TransactionalLedger, "_commit", commit)


def a_reset_task_starts_before_its_transaction_ends() -> AbstractContextManager[Any]:
    """After a failed commit tasks are reset, and their changelogs are looked at only later."""

    def later(self: Engine) -> None:
        asyncio.get_running_loop().call_later(0.1, self.app.tables.recovery.again)

    return patch.object(Engine, "restore_again", later)


def a_reset_task_starts_beside_its_own_commit() -> AbstractContextManager[Any]:
    """A task that was reset during a commit does not wait for what comes of it."""

    async def at_once(_self: Committer, _tasks: Iterable[Task]) -> None:
        pass

    return patch.object(Committer, "outcome", at_once)


def event_ids_are_not_restored() -> AbstractContextManager[Any]:
    """A new owner has seen nothing."""
    return patch.object(DuplicateIndex, "load", lambda _self, stored: list(stored) and None)


def restore_stops_at_the_last_stable_offset() -> AbstractContextManager[Any]:
    """A new owner does not wait for what the last one has left open."""

    async def ends(self: Any, tasks: Iterable[Task]) -> dict[TaskId, int]:
        self._ends._committed = True
        found: dict[TaskId, int] = await _ends(self, tasks)
        return found

    return patch.object(ChangelogReader, "ends", ends)


def restore_does_not_wait_for_the_end() -> AbstractContextManager[Any]:
    """A copy counts as complete from the start."""

    async def at_once(_self: Any, _task: Task, _end: int) -> bool:
        return True

    return patch.object(ChangelogReader, "has_reached", at_once)


def whatever_is_read_is_applied() -> AbstractContextManager[Any]:
    """Units are applied whether or not they are exactly what comes next."""

    def continues(self: Task, _topic: str, _epoch: int, _start: int) -> bool:
        return self.role == "active" and self.ready

    return patch.object(Task, "continues", continues)


def memory_is_kept_over_a_move() -> AbstractContextManager[Any]:
    """A task that comes back goes on with what it knew when it left."""

    def promote(self: Task) -> None:
        self.role, self.ready = "active", True

    return patch.object(Task, "promote", promote)


def what_was_not_committed_is_kept() -> AbstractContextManager[Any]:
    """A failed commit leaves its tasks as they are."""
    return patch.object(Task, "reset", lambda _self: None)


_ends = ChangelogReader.ends

MUTANTS: tuple[Mutant, ...] = (
    position_out_of_the_write_batch,
    offsets_before_the_acknowledgement,
    no_fencing,
    the_membership_is_the_latest,
    what_stayed_is_trusted_though_the_worker_was_out,
    rows_before_the_commit,
    the_end_of_a_transaction_is_sent_again,
    offsets_are_claimed_again,
    a_failed_commit_is_tried_again,
    a_refused_batch_is_overlooked,
    a_reset_task_starts_before_its_transaction_ends,
    a_reset_task_starts_beside_its_own_commit,
    event_ids_are_not_restored,
    restore_stops_at_the_last_stable_offset,
    restore_does_not_wait_for_the_end,
    whatever_is_read_is_applied,
    memory_is_kept_over_a_move,
    what_was_not_committed_is_kept,
)
