"""A disk that is really full, under a real worker: partitions stop, others go on, and all do once there is room."""

import asyncio
import re
import time
from collections.abc import Iterator
from functools import partial
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
#: Of a partition: more than RocksDB keeps in memory, so that it has to write.
ROWS = 4_000


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


async def only_payments_wait(bootstrap: str) -> None:
    async with Progress(bootstrap) as progress, asyncio.timeout(120):
        while (await progress.lag()).keys() != {PAYMENTS}:  # noqa: ASYNC110 - the broker tells nobody
            await asyncio.sleep(0.2)


async def status_of(worker: Worker, payment: Outgoing) -> int:
    assert payment.key is not None
    url = f"{worker.url}/v1/payments/{payment.key.decode()}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status


def stopped(worker: Worker) -> set[int]:
    """Payment partitions that say in the log that they stand still, for want of room."""
    found = re.findall(r"payments-(\d+) stands still: its store failed \(.*No space left", worker.log.read_text())
    return set(map(int, found))


def is_reached(disk: Path, halted: float) -> bool:
    """Whether all stand; a store that failed gives up what it had begun to write, and that would do for another one."""
    fill(disk)
    return halted == FULL


async def test_partitions_stop_on_a_full_disk_and_go_on_when_there_is_room(disk: Path, harness: Harness) -> None:
    sales = list(troubled(interleaved(journey(2_000)), again=0.05, spoiled=0.02))
    first, more = list(islice(payments(1), FULL * ROWS)), list(islice(payments(2), 500))
    (worker,) = await harness.start(1, DATA_DIR=str(disk / "data"))
    pid = worker.pid
    await harness.send(sales[:1_000])
    await harness.until_applied()
    filling = fill(disk)
    await harness.send(first)
    await until(worker, "stayshelf_halted_partitions", partial(is_reached, disk))
    assert stopped(worker) == set(range(FULL))
    before = await positions(harness.bootstrap, stopped(worker))
    await harness.send([*more, *sales[1_000:]])
    await only_payments_wait(harness.bootstrap)
    assert await positions(harness.bootstrap, stopped(worker)) == before
    assert await total(worker, "stayshelf_halted_partitions") == FULL
    assert await status_of(worker, more[0]) == 503
    filling.unlink()
    await until(worker, "stayshelf_halted_partitions", lambda halted: halted == 0)
    await harness.check()
    assert await status_of(worker, more[0]) == 200
    assert (worker.pid, worker.running) == (pid, True)
    assert "Traceback" not in worker.log.read_text()
