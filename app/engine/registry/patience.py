"""Asking a registry that may still be starting."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_fixed

from app.engine.registry.client import RegistryDown

Found = TypeVar("Found")

PATIENCE_S = 30.0


async def patiently(ask: Callable[[], Awaitable[Found]], *, every_s: float) -> Found:
    """The answer, asked for again and again until there is one; raises RegistryDown after PATIENCE_S."""
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type(RegistryDown),
        stop=stop_after_delay(PATIENCE_S),
        wait=wait_fixed(every_s),
        reraise=True,
    ):
        with attempt:
            return await ask()
    raise AssertionError("either answered or raised")
