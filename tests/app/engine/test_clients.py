import asyncio

import pytest
from aiokafka import AIOKafkaConsumer

from app.engine.clients import start_all, stop, stop_all


class Client:
    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.events: list[str] = []

    async def start(self) -> None:
        self.events.append("start")
        if self._error is not None:
            raise self._error

    async def stop(self) -> None:
        self.events.append("stop")


class Admin:
    def __init__(self) -> None:
        self.closed = False

    async def close(self) -> None:
        self.closed = True


async def test_all_are_started_and_stopped() -> None:
    one, other, admin = Client(), Client(), Admin()
    await start_all(one, other)
    await stop_all(one, other, admin)
    assert one.events == other.events == ["start", "stop"]
    assert admin.closed


async def test_none_stays_open_when_one_can_t_start() -> None:
    one, other = Client(), Client(ConnectionError("no broker"))
    with pytest.raises(ConnectionError, match="no broker"):
        await start_all(one, other)
    assert one.events == other.events == ["start", "stop"]


@pytest.mark.broker
async def test_what_a_client_has_cancelled_itself_ends_nobody_else_and_leaves_nothing_open(kafka: str) -> None:
    consumer, other = AIOKafkaConsumer(bootstrap_servers=kafka), Client()
    await start_all(consumer, other)
    # As where a broker dies: fetches are under way.
    consumer._fetcher._pending_tasks.add(asyncio.ensure_future(asyncio.Event().wait()))
    await stop_all(consumer, other)
    assert not [connection for connection in consumer._client._conns.values() if connection.connected()]
    assert other.events == ["start", "stop"]


async def test_who_stops_a_client_can_be_cancelled() -> None:
    class Stuck(Client):
        async def stop(self) -> None:
            self.events.append("stop")
            try:
                await asyncio.Event().wait()
            finally:
                self.events.append("cancelled")

    client = Stuck()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stop(client), 0.01)
    await asyncio.sleep(0)
    assert client.events == ["stop", "cancelled"]


async def test_what_goes_wrong_in_a_stop_is_raised() -> None:
    class Broken(Client):
        async def stop(self) -> None:
            raise ConnectionError("half closed")

    with pytest.raises(ConnectionError, match="half closed"):
        await stop(Broken())
