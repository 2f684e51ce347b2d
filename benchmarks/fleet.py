"""Several workers under observation: processes that come, go, are killed and come back with their directories."""

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
from typing import Self

import aiohttp

FIRST_PORT = 6301


class Member:
    """One worker; in_service from the moment it was ready until it is told to end."""

    def __init__(self, directory: Path, broker: str, port: int) -> None:
        self.name = f"worker-{port - FIRST_PORT}"
        self.url = f"http://127.0.0.1:{port}"
        self.in_service = False
        self.log = directory / f"{self.name}.log"
        self._command = [sys.executable, "-m", "faust", "-A", "app", "worker", "-l", "info", "--web-port", str(port)]
        ours = {
            "STAYSHELF_BROKER": f"kafka://{broker}", "STAYSHELF_REPLICATION_FACTOR": "1",
            "STAYSHELF_DATA_DIR": str(directory / self.name), "STAYSHELF_WEB_PORT": str(port),
        }  # fmt: skip
        self._environment = os.environ | ours
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, for the first time or again."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def ready(self, deadline_s: float = 90.0) -> None:
        """Wait until it says so."""
        until = time.monotonic() + deadline_s
        async with aiohttp.ClientSession() as client:
            while time.monotonic() < until and self.process is not None and self.process.poll() is None:
                try:
                    async with client.get(f"{self.url}/health/ready") as answer:
                        if answer.status == 200:
                            self.in_service = True
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)
        raise TimeoutError(f"{self.name} did not get ready: {self.log.read_text()[-2000:]}")

    async def leave(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send the signal and wait for the process' end."""
        assert self.process is not None
        self.in_service = False
        self.process.send_signal(number)
        await asyncio.to_thread(self.process.wait, 60)


class Fleet:
    """The members and their directories; whatever still runs is ended at the end."""

    def __init__(self, broker: str, size: int) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="stayshelf-bench-"))
        self.members = [Member(self.directory, broker, FIRST_PORT + number) for number in range(size)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for member in self.members:
            if member.process is not None:
                member.process.terminate()
        for member in self.members:
            if member.process is not None:
                member.process.wait(60)
        shutil.rmtree(self.directory, ignore_errors=True)
