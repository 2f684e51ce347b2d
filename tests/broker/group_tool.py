"""What Kafka says of the group: by its own kafka-consumer-groups.sh, and by the two questions that tool asks."""

import asyncio
import subprocess
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

from tests.broker.kafka_log import GROUP
from tests.broker.single import IMAGE

Place = tuple[str, str]  # topic and partition, as labels have them

TOOL = "/opt/kafka/bin/kafka-consumer-groups.sh"
TOOL_SECONDS = 60


class At(NamedTuple):
    """What the tool calls CURRENT-OFFSET and LOG-END-OFFSET, open transactions included."""

    committed: int
    end: int


async def told(bootstrap: str) -> dict[Place, int]:
    """LAG in the rows of `kafka-consumer-groups.sh --describe`, where something was committed."""
    command = ["docker", "run", "--rm", "--network", "host", "--env", "KAFKA_HEAP_OPTS=-Xmx128m", "--entrypoint", TOOL]
    command += [IMAGE, "--bootstrap-server", bootstrap, "--describe", "--group", GROUP, "--timeout", "60000"]
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=TOOL_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith(f"{GROUP} ")]
    return {(row[1], row[2]): int(row[5]) for row in rows if row[5].isdigit()}


class Asked:
    """The same by the tool's own two questions, quick enough for under load. Use as an async context manager."""

    def __init__(self, bootstrap: str) -> None:
        self._admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)

    async def __aenter__(self) -> "Asked":
        await self._admin.start()
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._admin.close()
        await self._consumer.stop()

    async def now(self) -> dict[Place, At]:
        """Every partition where the group has committed something."""
        committed = await self._admin.list_consumer_group_offsets(GROUP)
        ends = await self._consumer.end_offsets(list(committed))
        return {(tp.topic, str(tp.partition)): At(at.offset, ends[tp]) for tp, at in committed.items()}
