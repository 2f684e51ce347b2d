"""Reads a topic to its end, and runs the program's commands as a user does."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from app.engine.connection import client_options
from app.engine.topic_specs import PARTITIONS
from app.settings import Settings

ROOT = Path(__file__).parents[2]


async def records_of(settings: Settings, topics: Iterable[str]) -> list[Any]:
    """Every record of the topics, up to their ends as they are now."""
    partitions = [TopicPartition(topic, partition) for topic in topics for partition in range(PARTITIONS[topic])]
    consumer = AIOKafkaConsumer(**client_options(settings), auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[Any] = []
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for batch in (await consumer.getmany(timeout_ms=1_000)).values():
                found += batch
        return found
    finally:
        await consumer.stop()


def run(data_dir: Path, *arguments: str, expected: int = 0) -> subprocess.CompletedProcess[str]:
    """`faust -A app ARGUMENTS` against the embedded broker of `data_dir`; its exit status must be `expected`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STAYSHELF_")}
    done = subprocess.run(
        [sys.executable, "-m", "faust", "-A", "app", *arguments],
        cwd=ROOT,
        env=environment | {"STAYSHELF_DATA_DIR": str(data_dir), "COLUMNS": "120"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return done
