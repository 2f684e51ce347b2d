import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition

from app.engine.changelog_reader import ChangelogReader, changelog_of
from app.engine.kip447 import TransactionalProducer
from app.engine.task import Task
from tests.app.engine.opened import opened
from tests.app.engine.visible import Topics, own_topics

pytestmark = pytest.mark.broker


@pytest.fixture
async def topics(kafka: str) -> Topics:
    return await own_topics(kafka)


@pytest.fixture
async def reader(kafka: str) -> AsyncIterator[ChangelogReader]:
    reader = ChangelogReader(lambda: {"bootstrap_servers": kafka})
    await reader.start()
    yield reader
    await reader.close()


@pytest.fixture
async def writer(kafka: str, topics: Topics) -> AsyncIterator[TransactionalProducer]:
    writer = TransactionalProducer(bootstrap_servers=kafka, transactional_id=topics.group)
    await writer.start()
    yield writer
    await writer.stop()


@pytest.fixture
def task(tmp_path: Path, topics: Topics) -> Any:
    task = opened(tmp_path, partition=2)
    task.changelog = topics.changelog
    yield task
    task.close()


async def write(writer: TransactionalProducer, task: Task, *values: bytes) -> None:
    for value in values:
        await writer.send_and_wait(task.changelog, value, key=value, partition=task.partition)


async def read(reader: ChangelogReader, task: Task, count: int) -> list[bytes]:
    found: list[bytes] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            batches = await reader.poll(50)
            assert batches.keys() <= {TopicPartition(task.changelog, task.partition)}
            found += [record.value for records in batches.values() for record in records]
    return found


async def test_it_reads_from_where_a_copy_is_to_the_end(
    reader: ChangelogReader, writer: TransactionalProducer, task: Task
) -> None:
    async with writer.transaction():
        await write(writer, task, b"a", b"b", b"c")
    task.store.write([], 1, {}, tallies={})
    assert await reader.ends([task]) == {task.id: 4}
    assert await reader.ends([]) == {}
    reader.follow([task])
    assert await read(reader, task, 2) == [b"b", b"c"]
    async with asyncio.timeout(10):  # behind the last record stands the commit's marker
        while not await reader.has_reached(task, 4):
            await reader.poll(50)
    task.store.write([], 4, {}, tallies={})
    assert await reader.has_reached(task, 4)
    assert not await reader.has_reached(task, 5)


async def test_an_open_transaction_counts_for_the_end_and_blocks(
    reader: ChangelogReader, writer: TransactionalProducer, task: Task
) -> None:
    await writer.begin_transaction()
    await write(writer, task, b"a")
    end = (await reader.ends([task]))[task.id]
    reader.follow([task])
    async with asyncio.timeout(10):
        while await reader.blocked_s(task) == 0.0:
            assert await reader.poll(50) == {}
    assert (end, await reader.has_reached(task, end)) == (1, False)
    await writer.commit_transaction()
    assert await read(reader, task, 1) == [b"a"]
    async with asyncio.timeout(10):
        while not await reader.has_reached(task, end):
            await reader.poll(50)


async def test_a_partition_that_was_left_is_read_no_further(
    reader: ChangelogReader, writer: TransactionalProducer, task: Task, tmp_path: Path
) -> None:
    other = opened(tmp_path / "other", partition=0)
    other.changelog = task.changelog
    reader.follow([task, other])
    reader.leave(task)
    async with writer.transaction():
        await write(writer, task, b"mine")
        await write(writer, other, b"other")
    assert changelog_of(other) == TopicPartition(task.changelog, 0)
    assert await read(reader, other, 1) == [b"other"]
    other.close()
