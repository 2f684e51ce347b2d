import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.transaction import EndTxnRequest

from app.engine.committer import CommitFailed, GroupMoved, SendRefused
from app.engine.idempotent import IdempotentProducer
from app.engine.kip447 import Membership, TransactionalProducer
from app.engine.ledgers import (
    CHANGELOG_BATCH_BYTES_MAX,
    PRODUCER_OPTIONS,
    AcknowledgedLedger,
    TransactionalLedger,
    offsets_of,
)
from app.engine.pending import Pending, Send
from app.engine.reindex import Derived
from app.engine.task import Task
from tests.app.engine.membership import member, membership
from tests.app.engine.opened import commit as commit_on_disk
from tests.app.engine.opened import movement, opened, put_stock, unit
from tests.app.engine.visible import PARTITIONS, Reader, Topics, own_topics

Taken = list[tuple[Task, Pending]]


@pytest.fixture
async def topics(kafka: str) -> Topics:
    return await own_topics(kafka)


@pytest.fixture
async def reader(kafka: str) -> AsyncIterator[Reader]:
    async with Reader(kafka) as reader:
        yield reader


@pytest.fixture
def tasks(tmp_path: Path, topics: Topics) -> Iterator[list[Task]]:
    yield from tasks_on(tmp_path, topics)


def tasks_on(directory: Path, topics: Topics) -> Iterator[list[Task]]:
    found = [opened(directory / f"task-{n}", partition=n) for n in range(PARTITIONS)]
    for task in found:
        task.changelog = topics.changelog
    yield found
    for task in found:
        task.close()


def change(tasks: list[Task], topics: Topics, text: str = "out") -> Taken:
    """One unit for each task: two rows and an output."""
    for task in tasks:
        start = task.reached(topics.source).next_offset
        events = [movement(f"e{start + n}", item_id=f"I{n}") for n in range(2)]
        put_stock(unit(task, start, events, topic=topics.source))
        task.pending.sends.append(Send(topics.out, task.partition, b"key", text.encode(), (("h", b"1"),), 77))
    return [(task, task.take_pending()) for task in tasks]


class Drop:
    """Producers whose EndTxn gets no answer: it is lost on its way there, or on its way back."""

    def __init__(self, address: str, *, id: str) -> None:
        self._options = {**PRODUCER_OPTIONS, "bootstrap_servers": address, "transactional_id": id}
        self.arrives = False
        self.address = address
        self.armed = False
        self.ends = 0
        self.made = 0

    def producer(self) -> TransactionalProducer:
        producer = TransactionalProducer(**self._options, transaction_timeout_ms=10_000)
        send = producer.client.send
        self.made += 1

        async def with_loss(node: int, request: Any, **options: Any) -> Any:
            if not (self.armed and isinstance(request, EndTxnRequest)):
                return await send(node, request, **options)
            self.ends += 1
            if self.arrives:
                await send(node, request, **options)
            raise KafkaConnectionError("the line is dead")

        producer.client.send = with_loss
        return producer


@pytest.fixture
def drop(kafka: str, topics: Topics) -> Drop:
    return Drop(kafka, id=topics.group)


@pytest.fixture
async def ledger(drop: Drop, topics: Topics) -> AsyncIterator[TransactionalLedger]:
    ledger = TransactionalLedger(drop.producer, topics.group)
    yield ledger
    await ledger.close()


def restored(directory: Path, task: Task, records: list[tuple[bytes, bytes | None]]) -> Task:
    """A copy made of what is visible in the changelog."""
    copy = opened(directory / f"copy-{task.partition}", partition=task.partition)
    copy.apply(dict(records), len(records), Derived({}, {}))
    copy.load()
    return copy


@pytest.mark.broker
async def test_a_transaction_of_several_tasks_makes_everything_visible(
    kafka: str, topics: Topics, tasks: list[Task], ledger: TransactionalLedger, reader: Reader
) -> None:
    async with member(kafka, topics) as consumer:
        ledger.membership = membership(consumer)
        for commits in (1, 2):
            taken = change(tasks, topics)
            expected = [pending.records() for _, pending in taken]
            offsets = await ledger.commit(taken)
            for task, records in zip(tasks, expected, strict=True):
                assert (await reader.changes(topics.changelog, task.partition))[-len(records) :] == records
                assert offsets[task.id] == await reader.end(topics.changelog, task.partition)
                task.write_committed(offsets[task.id])
            assert await reader.reaches(topics.group, topics.source, dict.fromkeys(range(PARTITIONS), 2 * commits))
    outs = [record for n in range(PARTITIONS) for record in await reader.records(topics.out, n)]
    assert [(out.key, out.value, out.headers, out.timestamp) for out in outs] == [
        (b"key", b"out", (("h", b"1"),), 77)
    ] * (2 * PARTITIONS)


@pytest.mark.broker
@pytest.mark.parametrize("stale", ["generation", "member"])
async def test_who_is_not_in_the_group_any_more_changes_nothing(
    topics: Topics, tasks: list[Task], drop: Drop, ledger: TransactionalLedger, *, stale: str
) -> None:
    async with member(drop.address, topics) as consumer, Reader(drop.address) as reader:
        now = membership(consumer)
        wrong = now._replace(generation=now.generation - 1) if stale == "generation" else now._replace(member_id="gone")
        ledger.membership = wrong
        with pytest.raises(GroupMoved if stale == "generation" else CommitFailed):
            await ledger.commit(change(tasks, topics, "refused"))
        for task in tasks:
            task.reset()
            task.promote()
        await ledger.renew()
        await ledger.prepare()
        assert await reader.committed(topics.group, topics.source) == {}
        assert await visible(reader, topics) == ([], [])
        ledger.membership = now
        taken = change(tasks, topics, "accepted")
        expected = [record for _, pending in taken for record in pending.records()]
        await ledger.commit(taken)
        changes, outs = await visible(reader, topics)
        assert (changes, outs) == (expected, [b"accepted"] * PARTITIONS)
        assert await reader.reaches(topics.group, topics.source, dict.fromkeys(range(PARTITIONS), 2))


@pytest.mark.broker
async def test_a_commit_the_group_moved_under_is_whole_under_the_next_assignment(
    topics: Topics, tasks: list[Task], drop: Drop, ledger: TransactionalLedger
) -> None:
    async with member(drop.address, topics) as consumer, Reader(drop.address) as reader:
        now = membership(consumer)
        taken = change(tasks, topics, "once")
        ledger.membership = now._replace(generation=now.generation - 1)
        with pytest.raises(GroupMoved):
            await ledger.commit(taken)
        # The same producer goes on: what it was refused is aborted, or it would come true with what follows.
        ledger.membership = now
        expected = [record for _, pending in taken for record in pending.records()]
        await ledger.commit(taken)
        assert await visible(reader, topics) == (expected, [b"once"] * PARTITIONS)


async def visible(reader: Reader, topics: Topics) -> tuple[list[Any], list[Any]]:
    """All changes and outputs."""
    async with asyncio.timeout(8):  # well below the transaction timeout and the broker's look at it
        changes = [one for n in range(PARTITIONS) for one in await reader.changes(topics.changelog, n)]
        outs = [out.value for n in range(PARTITIONS) for out in await reader.records(topics.out, n)]
    return changes, outs


@pytest.mark.broker
@pytest.mark.parametrize("arrives", [True, False])
async def test_without_an_answer_the_changelog_tells_what_happened(
    topics: Topics, tasks: list[Task], drop: Drop, ledger: TransactionalLedger, tmp_path: Path, *, arrives: bool
) -> None:
    async with member(drop.address, topics) as consumer, Reader(drop.address) as reader:
        ledger.membership = membership(consumer)
        for task, offset in (await ledger.commit(change(tasks, topics))).items():
            tasks[task.partition].write_committed(offset)
        drop.armed, drop.arrives = True, arrives
        with pytest.raises(CommitFailed, match="UnknownOutcome"):
            await ledger.commit(change(tasks, topics, "unknown"))
        drop.armed = False
        await ledger.renew()
        await ledger.prepare()
        _, outs = await visible(reader, topics)
        assert (drop.ends, outs.count(b"unknown")) == (1, PARTITIONS if arrives else 0)
        stop = 4 if arrives else 2
        assert await reader.reaches(topics.group, topics.source, dict.fromkeys(range(PARTITIONS), stop))
        for task in tasks:
            copy = restored(tmp_path, task, await reader.changes(topics.changelog, task.partition))
            assert copy.positions == {topics.source: stop}
            copy.close()
        await ledger.commit(change(tasks, topics, "later"))
        assert (await visible(reader, topics))[1].count(b"later") == PARTITIONS


@pytest.mark.broker
async def test_a_commit_and_a_restore_that_both_want_the_producer_share_it(
    kafka: str, topics: Topics, tasks: list[Task], drop: Drop, ledger: TransactionalLedger
) -> None:
    async with member(kafka, topics) as consumer:
        ledger.membership = membership(consumer)
        await asyncio.gather(ledger.prepare(), ledger.commit(change(tasks, topics)), ledger.prepare())
    assert drop.made == 1


@pytest.mark.broker
async def test_a_second_worker_of_the_same_id_fences_the_first(
    kafka: str, topics: Topics, tasks: list[Task], ledger: TransactionalLedger, reader: Reader
) -> None:
    other = TransactionalLedger(Drop(kafka, id=topics.group).producer, topics.group)
    async with member(kafka, topics) as consumer:
        ledger.membership = membership(consumer)
        await ledger.prepare()
        await other.prepare()
        await other.close()
        with pytest.raises(CommitFailed):
            await ledger.commit(change(tasks, topics))
        assert await visible(reader, topics) == ([], [])


@pytest.mark.broker
async def test_offsets_are_claimed_when_everything_is_in_the_log(
    kafka: str, topics: Topics, tasks: list[Task], drop: Drop, ledger: TransactionalLedger
) -> None:
    order: list[str] = []
    async with member(kafka, topics) as consumer:
        ledger.membership = membership(consumer)
        await ledger.prepare()
        assert ledger._producer is not None
        send = ledger._producer.client.send

        async def noted(node: int, request: Any, **options: Any) -> Any:
            answer = await send(node, request, **options)
            order.append(type(request).__name__)
            return answer

        ledger._producer.client.send = noted
        await ledger.commit(change(tasks, topics))
    assert "ProduceRequest" in order
    assert order[-2:] == ["_TxnOffsetCommit", "EndTxnRequest"]
    assert not {"_TxnOffsetCommit", "EndTxnRequest"} & set(order[:-2])


@pytest.mark.broker
async def test_no_member_s_commit_goes_unchecked(
    topics: Topics, tasks: list[Task], ledger: TransactionalLedger
) -> None:
    with pytest.raises(CommitFailed, match="no member"):
        await ledger.commit(change(tasks, topics))


@pytest.mark.broker
async def test_a_commit_that_is_given_up_ends_at_once(
    kafka: str, topics: Topics, tasks: list[Task], ledger: TransactionalLedger, reader: Reader
) -> None:
    async with member(kafka, topics) as consumer:
        ledger.membership = membership(consumer)
        await ledger.prepare()
        assert ledger._producer is not None
        asked = asyncio.Event()

        async def silent(_node: int, _request: Any, **_options: Any) -> Any:
            asked.set()
            await asyncio.Event().wait()

        ledger._producer.client.send = silent
        committing = asyncio.create_task(ledger.commit(change(tasks, topics)))
        await asked.wait()
        await ledger.renew()
        with pytest.raises(CommitFailed, match="given up"):
            await committing
        await ledger.prepare()
        assert await visible(reader, topics) == ([], [])


@pytest.mark.broker
async def test_changes_that_fit_no_batch_are_refused_whole(
    kafka: str, topics: Topics, tasks: list[Task], ledger: TransactionalLedger, reader: Reader
) -> None:
    async with member(kafka, topics) as consumer:
        ledger.membership = membership(consumer)
        taken = change(tasks, topics)
        taken[1][1].rows |= {b"s%d" % n: bytes(CHANGELOG_BATCH_BYTES_MAX // 8) for n in range(9)}
        with pytest.raises(CommitFailed, match="don't fit one batch"):
            await ledger.commit(taken)
        await ledger.renew()
        await ledger.prepare()
        assert await visible(reader, topics) == ([], [])


@pytest.mark.broker
async def test_nothing_comes_true_where_one_record_is_refused(
    kafka: str, topics: Topics, tasks: list[Task], ledger: TransactionalLedger, reader: Reader
) -> None:
    async with member(kafka, topics) as consumer:
        ledger.membership = membership(consumer)
        taken = change(tasks, topics)
        taken[1][1].sends.append(Send(topics.out, 1, b"key", random.Random(1).randbytes(9 << 20)))
        with pytest.raises(SendRefused, match="MessageSizeTooLarge") as refused:
            await ledger.commit(taken)
        assert refused.value.places == {(topics.out, 1)}
        await ledger.renew()
        await ledger.prepare()
        assert await visible(reader, topics) == ([], [])
        assert await reader.committed(topics.group, topics.source) == {}


def test_offsets_are_claimed_for_every_source(tmp_path: Path) -> None:
    task = opened(tmp_path, partition=4)
    put_stock(unit(task, 0, [movement("e0")]))
    put_stock(unit(task, 0, [], topic="stayshelf-reservations"))
    claimed = {(tp.topic, tp.partition): at.offset for tp, at in offsets_of([(task, task.take_pending())]).items()}
    assert claimed == {("inventory-events", 4): 1, ("stayshelf-reservations", 4): 0}
    task.close()


@pytest.fixture
async def tansu_topics(tansu: str) -> Topics:
    return await own_topics(tansu)


@pytest.fixture
def tansu_tasks(tmp_path: Path, tansu_topics: Topics) -> Iterator[list[Task]]:
    yield from tasks_on(tmp_path, tansu_topics)


async def test_step_by_step_everything_arrives_on_the_embedded_broker(
    tansu: str, tansu_topics: Topics, tansu_tasks: list[Task]
) -> None:
    async with member(tansu, tansu_topics) as consumer, Reader(tansu) as reader:
        ledger = AcknowledgedLedger(plain(tansu), consumer.commit)
        await ledger.prepare()
        for commits in (1, 2):
            taken = change(tansu_tasks, tansu_topics)
            expected = [pending.records() for _, pending in taken]
            offsets = await ledger.commit(taken)
            for task, records in zip(tansu_tasks, expected, strict=True):
                assert (await reader.changes(tansu_topics.changelog, task.partition))[-len(records) :] == records
                assert offsets[task.id] == await reader.end(tansu_topics.changelog, task.partition)
                task.write_committed(offsets[task.id])
            committed = await reader.committed(tansu_topics.group, tansu_topics.source)
            assert committed == dict.fromkeys(range(PARTITIONS), 2 * commits)
            await ledger.renew()
        await ledger.close()
        assert len(await reader.records(tansu_topics.out)) == 2


async def test_what_reached_the_changelog_counts_though_its_offsets_were_refused(
    tansu: str, tansu_topics: Topics, tansu_tasks: list[Task], tmp_path: Path
) -> None:
    async def refused(_offsets: Any) -> None:
        raise KafkaConnectionError("the group is elsewhere")

    async with Reader(tansu) as reader:
        ledger = AcknowledgedLedger(plain(tansu), refused)
        with pytest.raises(CommitFailed, match="KafkaConnectionError"):
            await ledger.commit(change(tansu_tasks, tansu_topics))
        await ledger.close()
        task = tansu_tasks[0]
        copy = restored(tmp_path, task, await reader.changes(tansu_topics.changelog))
        assert copy.positions == {tansu_topics.source: 2}
        task.reset()
        task.apply(dict(await reader.changes(tansu_topics.changelog)), 5, Derived({}, {}))
        task.promote()
        assert put_stock(unit(task, 2, [movement("e0"), movement("new")], topic=tansu_topics.source)) == ["new"]
        commit_on_disk(task)
        copy.close()


def plain(address: str) -> Any:
    return lambda: IdempotentProducer(bootstrap_servers=address, **PRODUCER_OPTIONS)


def test_no_one_is_a_member_at_first() -> None:
    assert TransactionalLedger(lambda: None, "g").membership == Membership(-1, "", None)  # type: ignore[arg-type,return-value]
