"""A registry of a test's own: answers what it is told to, over real HTTP, and counts what it is asked."""

import asyncio
from collections.abc import Callable
from typing import Any, Self

import orjson
from aiohttp import web

from tests.broker.single import free_port

NONE_SUCH = (404, {"error_code": 40403, "message": "Schema not found"})


class StandIn:
    """answers: (method, path) -> (status, JSON or bytes). An async context manager; stop() and go() cut it off."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {}
        #: Answers from the second time on.
        self.later: dict[tuple[str, str], tuple[int, Any]] = {}
        self.asked: list[tuple[str, str]] = []
        self._port = free_port()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def has(self, schema_id: int, schema: Any, **more: Any) -> None:
        text = schema if isinstance(schema, str) else orjson.dumps(schema).decode()
        self.answers["GET", f"/schemas/ids/{schema_id}"] = (200, {"schema": text, **more})

    async def go(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True).start()

    async def stop(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.go()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append((request.method, request.path_qs))
        place = request.method, request.path
        status, body = self.answers.get(place, NONE_SUCH)
        if place in self.later:
            self.answers[place] = self.later.pop(place)
        return web.Response(status=status, body=body if isinstance(body, bytes) else orjson.dumps(body))


async def until(condition: Callable[[], bool], within: float = 20.0) -> None:
    """Wait for a condition; fails where it takes longer."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - it is the condition of another loop's work
            await asyncio.sleep(0.01)
