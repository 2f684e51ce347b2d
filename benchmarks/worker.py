"""One worker under measurement: a process of its own with an empty data directory, its CPU, memory and progress."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from benchmarks.load import PARTITIONS, TOPIC

GROUP = "stayshelf"
_TICKS = os.sysconf("SC_CLK_TCK")


class Figures(NamedTuple):
    """What one run took: seconds, the worker's CPU seconds, CPU seconds of everything else, peak memory in MB."""

    events: int
    seconds: float
    cpu: float
    other_cpu: float
    peak_mb: float


class Worker:
    """`faust -A app worker` on a free port; use as a context manager."""

    def __init__(self, broker: str, port: int = 6299) -> None:
        self.port = port
        self.directory = Path(tempfile.mkdtemp(prefix="stayshelf-bench-"))
        ours = {
            "STAYSHELF_BROKER": f"kafka://{broker}", "STAYSHELF_REPLICATION_FACTOR": "1", "STAYSHELF_STANDBYS": "0",
            "STAYSHELF_DATA_DIR": str(self.directory / "data"),
        }  # fmt: skip
        faust = Path(sys.executable).with_name("faust")
        self._log = (self.directory / "log").open("wb")
        self.process = subprocess.Popen(
            [faust, "-A", "app", "worker", "-l", "info", "--web-port", str(port)],
            env=os.environ | ours, stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self._log.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def cpu(self) -> float:
        """CPU seconds of the worker so far."""
        return cpu_of(self.process.pid)

    def peak_mb(self) -> float:
        """Most resident memory so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    async def until_ready(self, deadline_s: float = 120.0) -> None:
        """Wait until the worker says it is ready."""
        until = time.monotonic() + deadline_s
        async with aiohttp.ClientSession() as client:
            while time.monotonic() < until:
                try:
                    async with client.get(f"http://127.0.0.1:{self.port}/health/ready") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)
        raise TimeoutError("the worker did not get ready: " + (self.directory / "log").read_text()[-2000:])


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def busy() -> float:
    """CPU seconds all processors have been busy with so far."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:8])) / _TICKS


async def drained(worker: Worker, broker: str, deadline_s: float = 600.0) -> Figures:
    """From the first commit until every offset of the topic is committed."""
    partitions = [TopicPartition(TOPIC, partition) for partition in range(PARTITIONS)]
    admin, consumer = AIOKafkaAdminClient(bootstrap_servers=broker), AIOKafkaConsumer(bootstrap_servers=broker)
    await asyncio.gather(admin.start(), consumer.start())
    try:
        end = sum((await consumer.end_offsets(partitions)).values())
        first: tuple[float, float, float, int] | None = None
        until = time.monotonic() + deadline_s
        while time.monotonic() < until:
            done = await _committed(admin, partitions)
            now = (time.monotonic(), worker.cpu(), busy(), done)
            if done and first is None:
                first = now
            if done >= end and first is not None:
                seconds, cpu, all_cpu = now[0] - first[0], now[1] - first[1], now[2] - first[2]
                return Figures(end - first[3], seconds, cpu, all_cpu - cpu, worker.peak_mb())
            await asyncio.sleep(0.05)
    finally:
        await asyncio.gather(admin.close(), consumer.stop())
    raise TimeoutError("not drained in time")


async def _committed(admin: AIOKafkaAdminClient, partitions: list[TopicPartition]) -> int:
    try:
        found = await admin.list_consumer_group_offsets(GROUP, partitions=partitions)
    except KafkaError:
        return 0
    return sum(max(0, at.offset) for at in found.values())
