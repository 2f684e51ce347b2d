"""A disk that is really full, under a real worker: partitions stop, others go on, and all do once there is room."""

import asyncio
import re
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from random import Random

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from app.engine.partitioner import partition_of
from app.engine.topic_specs import PARTITIONS
from app.simulator.encoding import JSON, PAYMENTS, encode
from app.simulator.outgoing import Outgoing
from tests.broker.datasets import journey
from tests.broker.harness import Harness
from tests.broker.kafka_log import GROUP, Progress
from tests.broker.load import interleaved, troubled
from tests.broker.scraped import total, until
from tests.broker.workers import Worker
from tests.small_disk import fill, small_disk

pytestmark = [pytest.mark.broker, pytest.mark.scenario]

DISK_MIB = 128
FULL = 2  # payment partitions whose rows the disk has no room for
ROW_BYTES = 4_000
#: Of a partition and a time: more than RocksDB keeps in memory before it writes.
ROWS = 2_000
TIMES = 8


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", DISK_MIB) as path:
        yield path


def payments(run: int) -> Iterator[Outgoing]:
    """Large rows, all in a few partitions."""
    now, rng = int(time.time() * 1_000), Random(run)
    for number in count():
        id = f"p{run}-{number}"
        if partition_of(id.encode(), PARTITIONS[PAYMENTS]) < FULL:
            event = {
                "eventId": id, "paymentId": id, "bookingId": id, "amountMinor": 5, "currency": "THB",
                "method": rng.randbytes(ROW_BYTES // 2).hex(), "status": "AUTHORIZED", "occurredAt": now,
            }  # fmt: skip
            yield Outgoing(PAYMENTS, id.encode(), encode(event, JSON))


async def positions(bootstrap: str, partitions: set[int]) -> dict[int, int | None]:
    """What the group has committed of these payment partitions."""
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=GROUP) as consumer:
        return {n: await consumer.committed(TopicPartition(PAYMENTS, n)) for n in partitions}


async def status_of(worker: Worker, payment: Outgoing) -> int:
    assert payment.key is not None
    url = f"{worker.url}/v1/payments/{payment.key.decode()}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status


def stopped(worker: Worker) -> set[int]:
    """Payment partitions that say in the log that they stand still, for want of room."""
    found = re.findall(r"payments-(\d+) stands still: its store failed \(.*No space left", worker.log.read_text())
    return set(map(int, found))


async def until_all_stand(harness: Harness, worker: Worker, disk: Path) -> None:
    """Send and fill again: a store that fails gives up what it had begun to write, room enough for another's."""
    events = payments(1)
    for _ in range(TIMES):
        fill(disk)
        await harness.send(islice(events, FULL * ROWS))
        await only_stopped_wait(harness.bootstrap, worker)
        if await total(worker, "stayshelf_halted_partitions") == FULL:
            return
    raise AssertionError(f"only {stopped(worker)} stand")


async def only_stopped_wait(bootstrap: str, worker: Worker) -> None:
    """Wait until the worker has committed everything of the partitions that do not stand."""
    async with Progress(bootstrap) as progress, asyncio.timeout(120):
        while not {(PAYMENTS, n) for n in stopped(worker)} >= (await progress.waiting()).keys():  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def test_partitions_stop_on_a_full_disk_and_go_on_when_there_is_room(disk: Path, harness: Harness) -> None:
    sales = list(troubled(interleaved(journey(2_000)), again=0.05, spoiled=0.02))
    more = list(islice(payments(2), 500))
    (worker,) = await harness.start(1, DATA_DIR=str(disk / "data"))
    pid = worker.pid
    await harness.send(sales[:1_000])
    await harness.until_applied()
    await until_all_stand(harness, worker, disk)
    assert stopped(worker) == set(range(FULL))
    before = await positions(harness.bootstrap, stopped(worker))
    await harness.send([*more, *sales[1_000:]])
    await only_stopped_wait(harness.bootstrap, worker)
    assert await positions(harness.bootstrap, stopped(worker)) == before
    assert await total(worker, "stayshelf_halted_partitions") == FULL
    assert await status_of(worker, more[0]) == 503
    fill(disk).unlink()
    await until(worker, "stayshelf_halted_partitions", lambda halted: halted == 0)
    await harness.check()
    assert await status_of(worker, more[0]) == 200
    assert (worker.pid, worker.running) == (pid, True)
    assert "Traceback" not in worker.log.read_text()
