import asyncio
from contextlib import aclosing
from typing import Any

from tests.app.views.live.sse import events


async def test_the_stream_needs_the_token_and_asks_the_others_with_it(three: Any) -> None:
    for worker in three.workers:
        worker.settings.api_tokens = ("secret",)
    assert (await three.get("/v1/live")).problem["status"] == 401
    async with aclosing(events(three, headers={"Authorization": "Bearer secret"})) as found:
        async for name, data in found:
            if name == "fleet":
                assert {worker["state"] for worker in data["workers"]} == {"up"}
                break


async def test_what_it_takes_and_how_it_is_sent(one: Any) -> None:
    assert (await one.get("/v1/live?x=1")).problem["parameter"] == "x"
    head = await one.get("/v1/live", method="HEAD")
    assert (head.status, head.headers["Content-Type"]) == (200, "text/event-stream")
    assert head.headers["Cache-Control"] == "no-store"


async def test_streams_end_with_the_worker(one: Any) -> None:
    found = events(one)
    assert (await anext(found))[0] == "history"
    stopping = asyncio.create_task(one.workers[0].stop())
    async with asyncio.timeout(5):
        async for _ in found:
            pass
        await stopping
