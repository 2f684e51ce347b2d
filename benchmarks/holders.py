"""Workers that only answer: real state on disk and the real HTTP side, no broker; each writes its own rows."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiohttp import web

from app.domain.availability import Night
from app.domain.stock import StockRow
from app.engine.assignor import Owners
from app.engine.cache import RowCache
from app.engine.group import INVENTORY
from app.engine.partitioner import partition_of
from app.engine.reindex import Reindexer
from app.engine.task import Task
from app.engine.windows import Noted
from app.engine.worker import calm_collector
from app.metrics.observer import Observer
from app.views.door import Runner
from app.views.server import application
from schemas.inventory import InventoryEvent
from tables.availability import availability
from tables.stock import stock
from tables.windows import sales

STORES, HOTELS, ROOMS = 10_000, 1_000, 3
MINUTE, MINUTES = 60_000, 1_440
NOW = 1_750_000_000_000
STORES_A_MINUTE = 50
_TABLES = (stock, availability, sales.table, sales.clock)
_CHUNK = 50_000
_FIRST_NIGHT = NOW // 86_400_000

Rows = Iterator[tuple[Any, bytes, Any]]


def rows_of(partition: int, items: int) -> Rows:
    """Stock of the partition's stores, of which four in a hundred are low, and nights of its hotels, one overbooked."""
    chosen = random.Random(partition)
    for name in (f"store-{n:05d}" for n in range(STORES)):
        if partition_of(name.encode(), INVENTORY.partitions) == partition:
            for item in range(items):
                yield stock, stock.key(name, f"sku-{item:05d}"), StockRow(chosen.randrange(500), sold=item)
    for name in (f"hotel-{n:04d}" for n in range(HOTELS)):
        if partition_of(name.encode(), INVENTORY.partitions) == partition:
            for night in range(_FIRST_NIGHT, _FIRST_NIGHT + 365):
                for room in range(ROOMS):
                    sold = chosen.randrange(101)
                    yield availability, availability.key(name, night, f"room-{room}"), Night(99, sold)


def filled(directory: Path, partition: int, items: int) -> Task:
    """An active task with everything in it, indexed."""
    task = Task(INVENTORY, partition, directory / str(partition), tables=_TABLES, cache=RowCache(1_000))
    batch: dict[bytes, bytes] = {}
    for table, key, row in rows_of(partition, items):
        batch[key] = table.encode(row)
        if len(batch) == _CHUNK:
            task.store.write(batch.items(), 1, {}, tallies=None)
            batch.clear()
    task.store.write(batch.items(), 1, {}, tallies=None)
    task.store.indexed = False
    reindexer = Reindexer()
    reindexer.want(task)
    while reindexer.step():
        pass
    task.promote()
    sell(task)
    return task


def sell(task: Task) -> None:
    """A day of sales, minute by minute."""
    chosen, at = random.Random(task.partition), NOW - MINUTES * MINUTE
    for minute in range(MINUTES):
        noted = Noted(task, sales)
        noted.events += [
            InventoryEvent("", "STORE", f"store-{chosen.randrange(417):05d}", "", "SALE", 1, at, None, None, None, None)
            for at in [at + minute * MINUTE] * STORES_A_MINUTE
        ]
        noted.flush(task.pending)
        if minute % 60 == 59:
            task.store.write(task.pending.rows.items(), 1, {}, tallies={})
            task.pending.rows.clear()


class Holder:
    """What the HTTP side asks of a worker; partition p is held by worker p modulo their number."""

    def __init__(self, urls: list[str], number: int, tasks: dict[int, Task]) -> None:
        self.settings = SimpleNamespace(low_stock_max=20, api_tokens=())
        self.observer, self.agents, self.tables = Observer(), dict[str, Any](), dict[str, Any]()
        self.own_url, self.in_touch, self.moving, self.warmed = urls[number], True, False, True
        self.start_offsets, self.end_offsets, self.group_offsets = (dict[tuple[str, int], int]() for _ in range(3))
        self.tasks = SimpleNamespace(get=lambda _group, partition: tasks.get(partition), held=tasks.values)
        self._owners = {
            (INVENTORY.name, partition): Owners(urls[partition % len(urls)], ())
            for partition in range(INVENTORY.partitions)
        }

    def fleet_map(self) -> dict[tuple[str, int], Owners]:
        return self._owners

    async def latest_end(self, _topic: str, _partition: int) -> int:
        return 0


def serve(number: int, directory: Path, ports: list[int], items: int, ready: Any) -> None:
    """Fill and answer until killed; says through `ready` when it does."""

    async def forever(tasks: dict[int, Task]) -> None:
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        runner = Runner(application(Holder(urls, number, tasks)))  # type: ignore[arg-type]
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", ports[number]).start()
        calm_collector()
        ready.put(number)
        await asyncio.Event().wait()

    held = range(number, INVENTORY.partitions, len(ports))
    asyncio.run(forever({partition: filled(directory, partition, items) for partition in held}))
