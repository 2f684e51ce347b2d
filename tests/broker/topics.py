"""Fresh topics for a test on a broker that other tests used before."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient

from app.engine.topic_specs import SPECS

WIPE_SECONDS = 30


async def wipe(bootstrap: str) -> None:
    """Delete every topic of the program and wait until they are gone; the group's offsets go with them."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        ours = {spec.name for spec in SPECS}
        async with asyncio.timeout(WIPE_SECONDS):
            while there := ours & set(await admin.list_topics()):
                await admin.delete_topics(sorted(there))
                await asyncio.sleep(0.2)
    finally:
        await admin.close()
