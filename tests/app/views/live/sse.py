"""A client of the stream: the events one by one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson


async def events(fleet: Any, at: int = 0, headers: dict[str, str] | None = None) -> AsyncIterator[tuple[str, Any]]:
    """Name and data of each event until the stream ends; fails where one takes over ten seconds."""
    async with fleet.client.get(f"{fleet.workers[at].own_url}/v1/live", headers=headers) as response:
        assert response.status == 200
        while True:
            async with asyncio.timeout(10):
                block = await _block(response.content)
            if not block:
                return
            yield block[0].removeprefix(b"event: ").decode(), orjson.loads(block[1].removeprefix(b"data: "))


async def _block(content: Any) -> list[bytes]:
    lines: list[bytes] = []
    while line := (await content.readline()).rstrip(b"\n"):
        lines.append(line)
    return lines
