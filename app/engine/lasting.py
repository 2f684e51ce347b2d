"""Background tasks that end with their service, and with nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any


def lasting(run: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
    """For a Service.task: a CancelledError that leaks from a library raises RuntimeError, which ends the worker.

    mode takes it for its own, ends the task and goes on: a worker that looks well and restores or commits no more.
    """

    @wraps(run)
    async def until_stopped(service: Any) -> None:
        try:
            await run(service)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if service.should_stop or (task is not None and task.cancelling()):
                raise
            raise RuntimeError(f"{run.__qualname__} was cancelled by nobody") from None

    return until_stopped
