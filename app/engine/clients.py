"""Starting several Kafka clients at once: all of them, or none stays open."""

import asyncio
from typing import Any


async def start_all(*clients: Any) -> None:
    """Start clients together; when one can't, all are stopped and its error is raised."""
    outcomes = await asyncio.gather(*[client.start() for client in clients], return_exceptions=True)
    errors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    if errors:
        await stop_all(*clients)
        raise errors[0]


async def stop_all(*clients: Any) -> None:
    """Stop clients, whatever state they are in."""
    for client in clients:
        await (client.stop() if hasattr(client, "stop") else client.close())
