"""Starting several Kafka clients at once, all of them or none; and stopping clients for good."""

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
        await stop(client)


async def stop(client: Any) -> None:
    """Stop a client of aiokafka, whatever state it is in.

    aiokafka waits for tasks that it has cancelled itself. Without care their CancelledError ends whoever stops a
    client, and the client's connections stay open.
    """
    stopping = asyncio.ensure_future(client.stop() if hasattr(client, "stop") else client.close())
    try:
        await asyncio.wait([stopping])
    except asyncio.CancelledError:
        stopping.cancel()
        raise
    if stopping.cancelled():
        await (client.client if hasattr(client, "client") else client._client).close()
    else:
        stopping.result()
