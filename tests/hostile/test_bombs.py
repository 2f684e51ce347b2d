"""Batches of some kB that unpack to hundreds of MB, in every codec, through a real worker: memory stays bounded, each
record is one dead letter, and what is good is applied whatever its size."""

import asyncio
import hashlib
import time
from collections.abc import Iterator
from itertools import count, islice
from random import Random
from typing import Any, NamedTuple

import aiohttp
import pytest
from aiokafka import AIOKafkaProducer

from app.delivery.dead_letters import VALUE_BYTES_MAX
from app.engine.partitioner import partition_of
from app.engine.topic_specs import PARTITIONS
from tests.broker.harness import Harness
from tests.broker.kafka_log import completed_records, dead_letters
from tests.hostile.corpus import (
    DOES_NOT_FIT,
    NOT_AVRO_OR_JSON,
    PAYMENTS,
    UNKNOWN_SCHEMA,
    Good,
    avro,
    document,
    good,
    text,
    varint,
)
from tests.hostile.test_worker import MEMORY_MIB_MAX, peak_mib

pytestmark = [pytest.mark.broker, pytest.mark.scenario]

MB = 1_000_000
PARTITION = 0
METHOD_BYTES = 20 * MB
COMPLETED = 1


class Bomb(NamedTuple):
    codec: str
    value: bytes
    reason: str


def bombs() -> list[Bomb]:
    return [
        Bomb("zstd", b"x" * 200 * MB, NOT_AVRO_OR_JSON),
        Bomb("zstd", bytes(200 * MB), UNKNOWN_SCHEMA),
        Bomb("zstd", b"\0\0\0\0\4" + bytes(200 * MB), DOES_NOT_FIT),
        Bomb("zstd", b'{"metadata": "%b"}' % (b"x" * 200 * MB), DOES_NOT_FIT),
        Bomb("gzip", b"x" * 100 * MB, NOT_AVRO_OR_JSON),
        Bomb("lz4", b"x" * 70 * MB, NOT_AVRO_OR_JSON),
        Bomb("snappy", b"x" * 15 * MB, NOT_AVRO_OR_JSON),
        *[Bomb("zstd", b"%d" % n * MB, NOT_AVRO_OR_JSON) for n in range(10, 30)],
    ]


def payments(now: int) -> Iterator[Good]:
    """Good payments, all of one partition."""
    return (
        each for n in count() if partition_of((each := good(PAYMENTS, now, n)).key, PARTITIONS[PAYMENTS]) == PARTITION
    )


def large_but_good(found: list[Good]) -> list[Good]:
    """Payments with tens of MB of what no rule forbids, in the ways that take longest to read."""
    for each, filling in zip(found, (b"[],", b'{"a":1},', b"-1.5e9,"), strict=True):
        each.parts["json"] = document(each.fields)[:-1] + b', "x": [' + filling * (10 * MB // len(filling)) + b"0]}"
    return found


def large_in_its_row(payment: Good) -> bytes:
    """A completed payment whose method is long, in a way that zstd finds and snappy does not: the record is small, the
    row and the output made of it are not."""
    payment.parts["method"] = text(Random(1).randbytes(50_000).hex() * (METHOD_BYTES // 100_000))
    payment.parts["status"] = varint(COMPLETED)
    return avro(PAYMENTS, payment.parts)


async def send(bootstrap: str, codec: str, records: list[tuple[bytes, bytes]]) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, compression_type=codec, max_request_size=300 * MB, max_batch_size=300 * MB
    )
    await producer.start()
    try:
        await asyncio.gather(
            *[await producer.send(PAYMENTS, value, key, partition=PARTITION) for key, value in records]
        )
    finally:
        await producer.stop()


async def answers(url: str, payment: Good) -> Any:
    path = f"{url}/v1/payments/{payment.key.decode()}"
    async with aiohttp.ClientSession() as session, session.get(path) as answer:
        return answer.status


async def test_memory_stays_bounded_whatever_batches_unpack_to(harness: Harness) -> None:
    now = int(time.time() * 1000)
    all_of_them = bombs()
    neighbours = list(islice(payments(now), 2 * len(all_of_them) + 4))
    (worker,) = await harness.start(1)
    pid = worker.pid
    for number, bomb in enumerate(all_of_them):
        before, behind = [(each.key, avro(PAYMENTS, each.parts)) for each in neighbours[2 * number : 2 * number + 2]]
        await send(harness.bootstrap, bomb.codec, [before, (b"bomb%d" % number, bomb.value), behind])
    await send(harness.bootstrap, "zstd", [(neighbours[-4].key, large_in_its_row(neighbours[-4]))])
    for each in large_but_good(neighbours[-3:]):
        await send(harness.bootstrap, "zstd", [(each.key, each.parts["json"])])
    await harness.until_applied()
    found = {letter.key: letter for letter in await dead_letters(harness.bootstrap)}
    assert len(found) == len(all_of_them)
    for number, bomb in enumerate(all_of_them):
        letter = found[b"bomb%d" % number]
        assert_kept(bomb, letter.value, dict(letter.headers))
    assert {await answers(worker.url, each) for each in neighbours} == {200}
    (completed,) = await completed_records(harness.bootstrap)
    assert len(completed.completed.method) == METHOD_BYTES
    assert worker.pid == pid
    assert worker.running
    assert peak_mib(pid) < MEMORY_MIB_MAX


def assert_kept(bomb: Bomb, value: bytes | None, said: dict[str, str]) -> None:
    assert said["dlt-reason"] == bomb.reason
    if len(bomb.value) <= VALUE_BYTES_MAX:
        assert value == bomb.value
        return
    assert value == hashlib.sha256(bomb.value).hexdigest().encode() + b"\n" + bomb.value[:1024]
    assert said["dlt-truncated"] == str(len(bomb.value))
