"""The fault tool itself: what it claims to do to connections it does."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.broker.single import free_ports
from tests.chaos.proxy import END_TXN, Proxy

PRODUCE = 0
WITHIN = 10.0


class Broker:
    """Answers each request with its own correlation id, and notes what came."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []  # API key, correlation id

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                frame = await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))
                key, _version, correlation = struct.unpack_from(">hhi", frame)
                self.seen.append((key, correlation))
                answer = struct.pack(">iih", correlation, 0, 47)
                writer.write(len(answer).to_bytes(4, "big") + answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


class Client:
    """One connection through the proxy."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> "Client":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    def send(self, key: int, correlation: int) -> None:
        frame = struct.pack(">hhi", key, 0, correlation)
        self._writer.write(len(frame).to_bytes(4, "big") + frame)

    async def answer(self) -> int:
        frame = await self._reader.readexactly(int.from_bytes(await self._reader.readexactly(4), "big"))
        return int(struct.unpack_from(">i", frame)[0])

    async def ask(self, key: int, correlation: int) -> int:
        self.send(key, correlation)
        async with asyncio.timeout(WITHIN):
            return await self.answer()


@asynccontextmanager
async def proxied() -> AsyncIterator[tuple[Broker, Proxy, int]]:
    port, target = free_ports(2)
    broker = Broker()
    server = await asyncio.start_server(broker.serve, "127.0.0.1", target)
    async with Proxy(port, target) as proxy:
        yield broker, proxy, port
    server.close()


async def test_everything_passes_while_nothing_is_wrong() -> None:
    async with proxied() as (broker, proxy, port), Client(port) as client:
        assert [await client.ask(PRODUCE, n) for n in range(5)] == [0, 1, 2, 3, 4]
        assert broker.seen == [(PRODUCE, n) for n in range(5)]
        assert (proxy.requests[PRODUCE], proxy.broken, proxy.delayed, proxy.waiting) == (5, 0, 0, 0)


async def test_a_cut_ends_connections_and_refuses_new_ones_until_it_is_healed() -> None:
    async with proxied() as (_broker, proxy, port):
        async with Client(port) as client:
            assert await client.ask(PRODUCE, 1) == 1
            proxy.cut()
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await client.ask(PRODUCE, 2)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            async with Client(port) as client:
                await client.ask(PRODUCE, 3)
        assert proxy.broken == 2
        proxy.heal()
        async with Client(port) as client:
            assert await client.ask(PRODUCE, 4) == 4


async def test_a_freeze_keeps_everything_and_loses_nothing() -> None:
    async with proxied() as (broker, proxy, port), Client(port) as client:
        assert await client.ask(PRODUCE, 1) == 1
        proxy.freeze()
        client.send(PRODUCE, 2)
        async with asyncio.timeout(WITHIN):
            while not proxy.waiting:  # noqa: ASYNC110 - it counts, and tells nobody
                await asyncio.sleep(0)
        assert broker.seen == [(PRODUCE, 1)]
        proxy.heal()
        assert await client.answer() == 2


async def test_a_delay_counts_what_it_delayed() -> None:
    async with proxied() as (_broker, proxy, port), Client(port) as client:
        proxy.delay_s = 0.01
        assert await client.ask(PRODUCE, 1) == 1
        assert proxy.delayed == 1


async def test_a_held_request_reaches_the_broker_when_released_and_others_are_not_held() -> None:
    async with proxied() as (broker, proxy, port), Client(port) as first, Client(port) as second:
        hold = proxy.hold(END_TXN, answer=False)
        assert await first.ask(PRODUCE, 1) == 1
        assert not hold.caught.is_set()
        first.send(END_TXN, 2)
        await asyncio.wait_for(hold.caught.wait(), WITHIN)
        assert await second.ask(END_TXN, 3) == 3, "one hold takes one request"
        assert (END_TXN, 2) not in broker.seen
        hold.release()
        assert await first.answer() == 2
        await asyncio.wait_for(hold.delivered.wait(), WITHIN)


async def test_a_held_answer_belongs_to_a_request_that_has_arrived() -> None:
    async with proxied() as (broker, proxy, port), Client(port) as client:
        hold = proxy.hold(END_TXN, answer=True)
        client.send(END_TXN, 7)
        async with asyncio.timeout(WITHIN):
            while (END_TXN, 7) not in broker.seen:  # noqa: ASYNC110 - it notes, and tells nobody
                await asyncio.sleep(0)
        assert hold.caught.is_set()
        assert not hold.delivered.is_set()
        hold.release()
        assert await client.answer() == 7


async def test_a_request_can_come_when_its_client_has_long_given_up_and_comes_once() -> None:
    async with proxied() as (broker, proxy, port):
        hold = proxy.hold(END_TXN, answer=False)
        async with Client(port) as client:
            client.send(END_TXN, 9)
            await asyncio.wait_for(hold.caught.wait(), WITHIN)
        assert broker.seen == []
        assert await proxy.deliver_late(hold) == 47, "the broker's error code"
        proxy.release()
        async with Client(port) as client:
            assert await client.ask(PRODUCE, 10) == 10
        assert broker.seen == [(END_TXN, 9), (PRODUCE, 10)]
