"""Fencing by group membership (KIP-447) for aiokafka 0.14, which knows only version 0 of TxnOffsetCommit.

Version 3 carries generation and member id, so the broker refuses the offsets of a worker whose partitions moved.
Neither offsets nor EndTxn are sent twice: without an answer the first one may still arrive, and belong to a later
transaction (KAFKA-17754). Its outcome is unknown, and the producer is given up.
"""

import asyncio
from collections import defaultdict
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import IllegalGenerationError, KafkaError, NodeNotReadyError, RebalanceInProgressError
from aiokafka.producer import sender
from aiokafka.producer.transaction_manager import TransactionManager
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactString, Int16, Int32, Int64, Schema, TaggedFields

_TXN_OFFSET_COMMIT = 28

# How long aiokafka waits when the last transaction's markers are still being written: a commit follows soon here.
sender.BACKOFF_OVERRIDE = 0.004
_TEXT = CompactString("utf-8")


class Membership(NamedTuple):
    """Who this worker is in its group, as of its last assignment."""

    generation: int
    member_id: str
    instance_id: str | None


class UnknownOutcome(KafkaError):  # type: ignore[misc]
    """A request was sent and no answer came: whether it counts, and in which transaction, nobody knows."""


class _Response(Response):  # type: ignore[misc]
    API_KEY = _TXN_OFFSET_COMMIT
    API_VERSION = 3
    _PARTITION = CompactArray(("partition", Int32), ("error_code", Int16), ("tags", TaggedFields))
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("errors", CompactArray(("topic", _TEXT), ("partition_errors", _PARTITION), ("tags", TaggedFields))),
        ("tags", TaggedFields),
    )


class _Request(RequestStruct):  # type: ignore[misc]
    API_KEY = _TXN_OFFSET_COMMIT
    API_VERSION = 3
    RESPONSE_TYPE = _Response
    FLEXIBLE_VERSION = True
    _PARTITION = CompactArray(
        ("partition", Int32), ("offset", Int64), ("leader_epoch", Int32), ("metadata", _TEXT), ("tags", TaggedFields)
    )
    SCHEMA = Schema(
        ("transactional_id", _TEXT),
        ("group_id", _TEXT),
        ("producer_id", Int64),
        ("producer_epoch", Int16),
        ("generation_id", Int32),
        ("member_id", _TEXT),
        ("group_instance_id", _TEXT),
        ("topics", CompactArray(("topic", _TEXT), ("partitions", _PARTITION), ("tags", TaggedFields))),
        ("tags", TaggedFields),
    )


class _TxnOffsetCommit(Request[_Request]):  # type: ignore[misc]
    API_KEY = _TXN_OFFSET_COMMIT

    def __init__(self, *fields: Any) -> None:
        self._fields = fields

    def build(self, request_struct_class: type[_Request]) -> _Request:
        return request_struct_class(*self._fields)


class _SentOnce(sender.BaseHandler):  # type: ignore[misc]
    """No answer means an unknown outcome, never a second try; what never left is tried again."""

    async def do(self, node_id: int) -> bool:
        try:
            response = await self._sender.client.send(node_id, self.create_request(), group=self.group)
        except NodeNotReadyError:
            backoff = self.handle_error()
        except KafkaError as error:
            raise UnknownOutcome(str(error)) from error
        else:
            backoff = self.handle_response(response)
        if backoff is not None:
            await asyncio.sleep(backoff)
        return backoff is None


class _TxnOffsetCommitHandler(_SentOnce, sender.TxnOffsetCommitHandler):  # type: ignore[misc]
    """Step 5. Adds the membership to the request."""

    def create_request(self) -> _TxnOffsetCommit:
        manager, member = self._sender._txn_manager, self._sender.membership
        topics: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for tp, offset in sorted(self._offsets.items()):
            topics[tp.topic].append((tp.partition, offset.offset, -1, offset.metadata, {}))
        return _TxnOffsetCommit(
            manager.transactional_id, self._group_id, manager.producer_id, manager.producer_epoch,
            *member, [(topic, partitions, {}) for topic, partitions in topics.items()], {},
        )  # fmt: skip

    def handle_response(self, response: Any) -> float | None:
        response.errors = [(topic, [(p, code) for p, code, *_ in found]) for topic, found, *_ in response.errors]
        codes = {code for _, found in response.errors for _, code in found}
        # Usual while a group moves, where aiokafka would log an error.
        for moved in (RebalanceInProgressError, IllegalGenerationError):
            if moved.errno in codes:
                raise moved()
        return super().handle_response(response)  # type: ignore[no-any-return]


class _EndTxnHandler(_SentOnce, sender.EndTxnHandler):  # type: ignore[misc]
    """Step 6."""


def _unheard(future: "asyncio.Future[Any]") -> "asyncio.Future[Any]":
    """Nobody need wait for it: a commit may be given up, a worker end."""
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
    return future


class _Transactions(TransactionManager):  # type: ignore[misc]
    """aiokafka's, with futures that may fail unheard."""

    _ending: "asyncio.Future[Any] | None" = None

    @property
    def _transaction_waiter(self) -> "asyncio.Future[Any] | None":
        return self._ending

    @_transaction_waiter.setter
    def _transaction_waiter(self, ending: "asyncio.Future[Any]") -> None:
        self._ending = _unheard(ending)

    def add_offsets_to_txn(self, offsets: Any, group_id: str) -> "asyncio.Future[Any]":
        return _unheard(super().add_offsets_to_txn(offsets, group_id))


class _Sender(sender.Sender):  # type: ignore[misc]
    """aiokafka's sender with the two handlers above."""

    membership = Membership(-1, "", None)

    def _fail_all(self, task: "asyncio.Task[None]") -> None:
        accumulator = self._message_accumulator
        unsent = [batch for queued in accumulator._batches.values() for batch in queued]
        for batch in unsent:
            _unheard(batch._drain_waiter)
        super()._fail_all(task)

    async def _do_txn_offset_commit(self, offsets: Any, group_id: str) -> None:
        try:
            # Step 4. Claimed first, a stalled worker could add its changes after the next owner has looked for them.
            await self._message_accumulator.flush_for_commit()
            node = await self._find_coordinator(sender.CoordinationType.GROUP, group_id)
            if offsets:
                await _TxnOffsetCommitHandler(self, offsets, group_id).do(node)
        except (IllegalGenerationError, RebalanceInProgressError) as error:
            # Not what aiokafka calls an error: that forgets the partitions, and what is forgotten is never aborted.
            for *_, refused in self._txn_manager._pending_txn_offsets:
                refused.set_exception(error)
            self._txn_manager._pending_txn_offsets.clear()
        except KafkaError as error:
            if not self._txn_manager.is_fatal_error():
                self._txn_manager.error_transaction(error)

    async def _do_txn_commit(self, commit_result: Any) -> None:
        await self._message_accumulator.flush_for_commit()
        if self._txn_manager.is_empty_transaction():
            self._txn_manager.complete_transaction()
            return
        key = self._txn_manager.transactional_id
        try:
            node = await self._find_coordinator(sender.CoordinationType.TRANSACTION, key)
            await _EndTxnHandler(self, commit_result).do(node)
        except KafkaError as error:
            self._txn_manager.fatal_error(error)


class TransactionalProducer(AIOKafkaProducer):  # type: ignore[misc]
    """A transactional producer whose offset commits are fenced by the group's generation."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._sender.__class__ = _Sender
        self._txn_manager.__class__ = _Transactions

    def set_membership(self, membership: Membership) -> None:
        """The membership that following offset commits claim."""
        self._sender.membership = membership
