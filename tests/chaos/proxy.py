"""A TCP proxy before a broker that understands as much of Kafka's protocol as faults need: where a request ends, what
it asks for, and which answer belongs to it."""

import asyncio
import struct
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress

END_TXN = 26
_HEADER = struct.Struct(">hhi")
_CORRELATION = struct.Struct(">i")
_LATE_ANSWER = struct.Struct(">iih")  # correlation id, throttle time, error code: EndTxn, version 0


class Hold:
    """Keeps back the next request of a kind, or its answer, until released."""

    def __init__(self, api_key: int, *, answer: bool) -> None:
        self.api_key = api_key
        self.answer = answer
        self.caught = asyncio.Event()
        self.released = asyncio.Event()
        self.delivered = asyncio.Event()
        self.frame = b""
        self.dropped = False

    def release(self) -> None:
        """Let what was kept back go on its way, if its connection is still there."""
        self.released.set()


class Proxy:
    """Listens on `port` and forwards to `target` on this machine. Use as an async context manager."""

    def __init__(self, port: int, target: int) -> None:
        self._port = port
        self._target = target
        self._server: asyncio.Server | None = None
        self._pairs: set[_Pair] = set()
        self._cut = False
        self._open = asyncio.Event()
        self._open.set()
        self.delay_s = 0.0
        self.holds: list[Hold] = []
        self.requests: Counter[int] = Counter()
        self.broken = 0  # connections that a cut ended or refused
        self.delayed = 0  # requests that a delay kept
        self.passed = 0  # requests and answers that went through
        self.waiting = 0  # requests and answers that a freeze keeps

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.release()
        for pair in list(self._pairs):
            pair.close()

    def cut(self) -> None:
        """End every connection, and each new one at once, until healed."""
        self._cut = True
        for pair in list(self._pairs):
            self.broken += 1
            pair.close()

    def freeze(self) -> None:
        """Nothing passes any more, and nobody is told, until healed."""
        self._open.clear()

    def heal(self) -> None:
        """Forward everything again, at once."""
        self._cut, self.delay_s = False, 0.0
        self._open.set()

    def hold(self, api_key: int, *, answer: bool) -> Hold:
        """Keep back the next request of this kind, or its answer."""
        hold = Hold(api_key, answer=answer)
        self.holds.append(hold)
        return hold

    def release(self) -> None:
        """Release whatever is held, and hold nothing more."""
        for hold in self.holds:
            hold.release()
        self.holds.clear()

    async def deliver_late(self, hold: Hold) -> int:
        """Send a held request on a connection of its own, though its client has given up; the broker's error code."""
        hold.dropped = True
        reader, writer = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            writer.write(len(hold.frame).to_bytes(4, "big") + hold.frame)
            answer = await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))
        finally:
            writer.close()
        hold.delivered.set()
        return int(_LATE_ANSWER.unpack_from(answer)[2])

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            self.broken += 1
            writer.transport.abort()
            return
        try:
            to_broker = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        pair = _Pair(self, (reader, writer), to_broker)
        self._pairs.add(pair)
        try:
            await pair.run()
        finally:
            self._pairs.discard(pair)

    async def pass_on(self, api_key: int) -> None:
        """Wait as the faults of the moment demand, before a request goes on."""
        self.requests[api_key] += 1
        await self.pass_back()
        if self.delay_s:
            self.delayed += 1
            await asyncio.sleep(self.delay_s)

    async def pass_back(self) -> None:
        """The same for an answer, which a delay lets through."""
        self.waiting += 1
        try:
            await self._open.wait()
        finally:
            self.waiting -= 1
        self.passed += 1

    def caught_by(self, api_key: int, *, answer: bool) -> Hold | None:
        """The hold that takes this request, if one waits for it."""
        for hold in self.holds:
            if hold.api_key == api_key and hold.answer == answer and not hold.caught.is_set():
                return hold
        return None


Look = Callable[[bytes], Coroutine[None, None, Hold | None]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Pair:
    """A client's connection and the one to the broker that belongs to it."""

    def __init__(self, proxy: Proxy, client: Streams, broker: Streams) -> None:
        self._proxy = proxy
        self._client = client
        self._broker = broker
        self._held: dict[int, Hold] = {}  # by correlation id of the answer

    async def run(self) -> None:
        ways = [
            asyncio.create_task(self._forward(self._client[0], self._broker[1], self._request)),
            asyncio.create_task(self._forward(self._broker[0], self._client[1], self._answer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.close()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    def close(self) -> None:
        for _, writer in (self._client, self._broker):
            writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, look: Look) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                size = await reader.readexactly(4)
                frame = await reader.readexactly(int.from_bytes(size, "big"))
                hold = await look(frame)
                if hold is not None and hold.dropped:
                    return
                writer.write(size + frame)
                await writer.drain()
                if hold is not None:
                    hold.delivered.set()

    async def _request(self, frame: bytes) -> Hold | None:
        api_key, _version, correlation = _HEADER.unpack_from(frame)
        await self._proxy.pass_on(api_key)
        hold = self._proxy.caught_by(api_key, answer=False)
        if hold is not None:
            hold.frame = frame
            return await _kept(hold)
        awaited = self._proxy.caught_by(api_key, answer=True)
        if awaited is not None:
            awaited.caught.set()
            self._held[correlation] = awaited
        return None

    async def _answer(self, frame: bytes) -> Hold | None:
        hold = self._held.pop(_CORRELATION.unpack_from(frame)[0], None)
        if hold is not None:
            return await _kept(hold)
        await self._proxy.pass_back()
        return None


async def _kept(hold: Hold) -> Hold:
    hold.caught.set()
    await hold.released.wait()
    return hold
