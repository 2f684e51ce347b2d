"""/v1/live: the fleet as server-sent events, once a second, for the page."""

import asyncio
from contextlib import aclosing, suppress

from aiohttp import web

from app.views.live.watch import WATCH
from app.views.parameters import Query
from app.views.responses import HEADERS, unavailable

EVENT_STREAM = "text/event-stream"
#: A page that takes nothing for so long is gone.
STUCK_SECONDS = 15.0


async def live(request: web.Request) -> web.StreamResponse:
    """The stream; it ends when the worker stops or the page goes away."""
    Query(request)
    watch = request.app[WATCH]
    if watch.full:
        raise unavailable("too many pages watch this worker")
    response = web.StreamResponse(headers={**HEADERS, "Content-Type": EVENT_STREAM, "X-Accel-Buffering": "no"})
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    # A page that goes away, or takes nothing, is no failure of ours.
    with suppress(ConnectionError, TimeoutError):
        async with aclosing(watch.events(request.headers.get("Authorization"))) as events:
            async for each in events:
                async with asyncio.timeout(STUCK_SECONDS):
                    await response.write(each)
    return response
