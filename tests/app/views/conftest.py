"""A fleet of workers for the views: real servers and clients over loopback, tasks made of dicts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import orjson
import pytest
from aiohttp import ClientSession, web
from aiokafka.errors import KafkaConnectionError
from yarl import URL

from app.domain.availability import Night
from app.domain.bookings import Booking
from app.domain.payments import Payment
from app.domain.stock import StockRow
from app.engine.group import GROUP_BY_NAME, GROUPS
from app.engine.partitioner import partition_of
from app.engine.recent_letters import Seen
from app.metrics.observer import Observer
from app.views.dead_letters import LETTERS
from app.views.door import Runner
from app.views.peers import PEERS
from app.views.server import application
from tables.availability import availability, overbooked
from tables.bookings import bookings
from tables.payments import payments
from tables.stock import low_stock, stock, stores


class FakeTask:
    """One copy of a partition: rows and index entries by key."""

    def __init__(self, group: str, partition: int, role: str) -> None:
        self.group, self.partition, self.role = group, partition, role
        self.ready = True
        self.store = SimpleNamespace(indexed=True)
        self.positions: dict[str, int] = {}
        self.rows: dict[bytes, Any] = {}

    def read(self, _table: Any, key: bytes) -> Any:
        return self.rows.get(key)

    def scan(self, _table: Any, start: bytes, stop: bytes, limit: int) -> list[tuple[bytes, Any]]:
        return [(key, self.rows[key]) for key in sorted(self.rows) if start <= key < stop][:limit]


class FakeTasks(dict[tuple[str, int], FakeTask]):
    def get(self, group: str, partition: int) -> FakeTask | None:  # type: ignore[override]
        return super().get((group, partition))

    def held(self) -> list[FakeTask]:
        return list(self.values())


class Owners(NamedTuple):
    active: str | None
    standbys: tuple[str, ...]


class FakeWorker:
    def __init__(self, fleet: "Fleet") -> None:
        self.fleet = fleet
        self.settings = SimpleNamespace(low_stock_max=20, api_tokens=())
        self.observer = Observer()
        self.tasks = FakeTasks()
        self.agents: dict[str, Any] = {}
        self.tables: dict[str, Any] = {}
        self.own_url = ""
        self.in_touch = True
        self.moving = False
        self.warmed = True
        self.stopped: set[tuple[str, int, str]] = set()
        self.start_offsets: dict[tuple[str, int], int] = {}
        self.end_offsets: dict[tuple[str, int], int] = {}
        self.group_offsets: dict[tuple[str, int], int] = {}
        self.true_ends: dict[tuple[str, int], int] = {}
        self.letters: list[Seen] | None = []
        self.runner: Runner

    def fleet_map(self) -> dict[tuple[str, int], Owners]:
        return self.fleet.owners

    async def latest_end(self, topic: str, partition: int) -> int:
        return self.true_ends.get((topic, partition), self.end_offsets.get((topic, partition), 0))

    async def read_letters(self) -> Sequence[Seen]:
        if self.letters is None:
            raise KafkaConnectionError
        return self.letters

    async def serve(self) -> None:
        self.web = application(self)  # type: ignore[arg-type]
        self.web[LETTERS] = self.read_letters
        self.runner = Runner(self.web)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.own_url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self.runner.cleanup()


class Answer(NamedTuple):
    status: int
    headers: Any
    text: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.text)

    @property
    def problem(self) -> Any:
        """The body of an answer that must be a problem."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.json["status"] == self.status
        assert set(self.json) >= {"type", "title", "detail"}
        return self.json


class Fleet:
    """Workers, who holds what, and a client that talks to them."""

    def __init__(self) -> None:
        self.workers: list[FakeWorker] = []
        self.owners: dict[tuple[str, int], Owners] = {}
        self.client = ClientSession()

    async def start(self, count: int = 1) -> None:
        """Workers with every partition spread over them, actives only."""
        self.workers = [FakeWorker(self) for _ in range(count)]
        for worker in self.workers:
            await worker.serve()
        for group in GROUPS:
            for partition in range(group.partitions):
                self.assign(group.name, partition, partition % count)

    def assign(self, group: str, partition: int, active: int | None, *standbys: int) -> None:
        """Give a partition to workers by number, moving what the first copy held to all of them."""
        task = self.copy(group, partition)
        for worker in self.workers:
            worker.tasks.pop((group, partition), None)
        for number in ([] if active is None else [active]) + list(standbys):
            made = FakeTask(group, partition, "active" if number == active else "standby")
            if task is not None:
                made.rows, made.positions = dict(task.rows), dict(task.positions)
            self.workers[number].tasks[group, partition] = made
        self.owners[group, partition] = Owners(
            None if active is None else self.workers[active].own_url,
            tuple(self.workers[number].own_url for number in standbys),
        )

    def copy(self, group: str, partition: int, worker: int | None = None) -> FakeTask | None:
        """A worker's copy of a partition, or the first anybody has."""
        found = [self.workers[worker]] if worker is not None else self.workers
        return next((task for one in found if (task := one.tasks.get(group, partition)) is not None), None)

    def _put(self, group: str, partition: int, rows: dict[bytes, Any]) -> None:
        for worker in self.workers:
            task = worker.tasks.get(group, partition)
            if task is not None:
                task.rows.update(rows)

    def place(self, group: str, key: str) -> int:
        return partition_of(key.encode(), GROUP_BY_NAME[group].partitions)

    def put_stock(self, store: str, item: str, row: StockRow) -> None:
        rows: dict[bytes, Any] = {stock.key(store, item): row, stores.key(store): None}
        if row.on_hand <= 20:
            rows[low_stock.key(row.on_hand, store, item)] = None
        self._put("inventory", self.place("inventory", store), rows)

    def put_night(self, hotel: str, night: int, room_type: str, row: Night) -> None:
        rows: dict[bytes, Any] = {availability.key(hotel, night, room_type): row}
        if row.capacity is not None and row.sold > row.capacity:
            rows[overbooked.key(night, hotel, room_type, row.capacity, row.sold, int(row.closed))] = None
        self._put("inventory", self.place("inventory", hotel), rows)

    def put_booking(self, partition: int, booking_id: str, row: Booking) -> None:
        self._put("bookings", partition, {bookings.key(booking_id): row})

    def put_payment(self, payment_id: str, row: Payment) -> None:
        self._put("payments", self.place("payments", payment_id), {payments.key(payment_id): row})

    async def get(
        self, path: str, at: int = 0, *, method: str = "GET", headers: dict[str, str] | None = None, data: Any = None
    ) -> Answer:
        """Ask one worker; the path is sent as it is."""
        url = URL(self.workers[at].own_url + path, encoded=True)
        async with self.client.request(method, url, headers=headers, data=data) as response:
            return Answer(response.status, response.headers, await response.read())

    async def raw(self, request: bytes, at: int = 0) -> bytes:
        """Send bytes that no client would, and read until the end."""
        url = URL(self.workers[at].own_url)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(request)
        async with asyncio.timeout(10):
            found = await reader.read()
        writer.close()
        return found

    async def close(self) -> None:
        for worker in self.workers:
            await worker.web[PEERS].close()
        await self.client.close()
        for worker in self.workers:
            await worker.stop()


@pytest.fixture
async def fleet() -> AsyncIterator[Fleet]:
    """Workers to be started by the test."""
    made = Fleet()
    yield made
    await made.close()


@pytest.fixture
async def one(fleet: Fleet) -> Fleet:
    """A fleet of one worker that holds everything."""
    await fleet.start(1)
    return fleet


@pytest.fixture
async def three(fleet: Fleet) -> Fleet:
    """A fleet of three workers, each with a third of everything."""
    await fleet.start(3)
    return fleet
