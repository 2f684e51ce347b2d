"""Waiting for what running workers and the broker show one day."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from tests.broker.workers import Worker

PATIENCE_SECONDS = 120


async def until(look: Callable[[], Awaitable[Any]], *, equals: Any = True, within: float = PATIENCE_SECONDS) -> None:
    """Look again and again until the wanted is seen; fails with what was seen last."""
    seen: Any = None
    try:
        async with asyncio.timeout(within):
            while (seen := await look()) != equals:  # noqa: ASYNC110 - others tell nobody
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"after {within:.0f} s still {seen!r}, not {equals!r}") from None


async def scraped(worker: Worker, series: str) -> float | None:
    """The value of one series as /metrics shows it; None where it shows none."""
    async with aiohttp.ClientSession() as session, session.get(f"{worker.url}/metrics") as answer:
        found = re.search(f"^{re.escape(series)} (\\S+)$", await answer.text(), re.MULTILINE)
    return None if found is None else float(found[1])
