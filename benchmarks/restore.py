"""Restore: rows a second from the changelog into an empty directory, and the worker's peak memory."""

import time
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from app.domain.stock import StockRow
from app.engine.changelog import POSITION_KEY, Position
from app.engine.group import INVENTORY
from app.engine.idempotent import IdempotentProducer
from app.engine.partitioner import partition_of
from benchmarks.stock import fresh_topics
from benchmarks.worker import Worker
from tables.stock import stock

ROWS = 2_000_000
_STORES, _ITEMS = 10_000, 200


async def fill_changelog(broker: str) -> None:
    """Every store's every item once, as a worker would have written them, and a position at the end."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    await admin.create_topics([NewTopic(INVENTORY.changelog, INVENTORY.partitions, 1, topic_configs=_CONFIGS)])
    await admin.close()
    producer = IdempotentProducer(bootstrap_servers=broker, max_batch_size=900_000, compression_type="snappy")
    await producer.start()
    batches = {partition: producer.create_batch() for partition in range(INVENTORY.partitions)}
    now = int(time.time() * 1000)
    for store in range(_STORES):
        name = f"store-{store:05d}"
        partition = partition_of(name.encode(), INVENTORY.partitions)
        for item in range(_ITEMS):
            row = StockRow((store + item) % 200, None, None, False, now - item, now - item, item, 1, 200)
            record = {"timestamp": None, "key": stock.key(name, f"sku-{item:05d}"), "value": stock.encode(row)}
            if batches[partition].append(**record) is None:
                await (await producer.send_batch(batches[partition], INVENTORY.changelog, partition=partition))
                batches[partition] = producer.create_batch()
                batches[partition].append(**record)
    for partition, batch in batches.items():
        batch.append(timestamp=None, key=POSITION_KEY, value=Position({}, {}, 0).encode())
        await (await producer.send_batch(batch, INVENTORY.changelog, partition=partition))
    await producer.stop()


async def measure(broker: str) -> dict[str, Any]:
    """From the first restored partition's opening until the worker is ready, with 2,000,000 rows in the changelog."""
    await fresh_topics(broker)
    await fill_changelog(broker)
    with Worker(broker) as worker:
        await worker.until_ready()
        log = (worker.directory / "log").read_text()
        seconds = _between(log, "Restoring ", "Worker ready")
        figures = {"job": "restore", "rows": ROWS, "seconds": seconds, "rows_per_s": round(ROWS / seconds)}
        return figures | {"peak_mb": round(worker.peak_mb())}


def _between(log: str, start: str, stop: str) -> float:
    """Seconds between the last log lines with these texts."""
    times = [_time(next(line for line in reversed(log.splitlines()) if text in line)) for text in (start, stop)]
    return max(times[1] - times[0], 0.001)


def _time(line: str) -> float:
    stamp = line.split("[", 1)[1].split("]", 1)[0]
    whole, millis = stamp.split(",")
    return time.mktime(time.strptime(whole, "%Y-%m-%d %H:%M:%S")) + int(millis) / 1000


_CONFIGS = {"cleanup.policy": "compact", "max.message.bytes": str(8 << 20)}
