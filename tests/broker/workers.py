"""Workers as users start them: processes of their own, with a data directory and a port each."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import aiohttp

from tests.broker.single import free_port

ROOT = Path(__file__).parents[2]
#: A new broker on a busy machine takes its time over the topics it keeps offsets and transactions in.
READY_SECONDS = 150
STOP_SECONDS = 30


class Worker:
    """One `faust -A app worker`; its log stands in `directory`/worker.log. Settings are given without their prefix."""

    #: What is given to `faust -A`.
    application = "app"

    def __init__(self, directory: Path, bootstrap: str, **settings: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = directory / "worker.log"
        told = {
            "BROKER": f"kafka://{bootstrap}",
            "DATA_DIR": str(directory / "data"),
            "REPLICATION_FACTOR": "1",
            "WEB_PORT": str(self.port),
            **settings,
        }
        self.data_dir = Path(told["DATA_DIR"])
        kept = {name: value for name, value in os.environ.items() if not name.startswith("STAYSHELF_")}
        self.environment = kept | {f"STAYSHELF_{name}": value for name, value in told.items()}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, module: str = "faust", **settings: str) -> Self:
        """Start the process; again after it ended. `module` runs Faust's command line; settings are for this time."""
        command = [sys.executable, "-m", module, "-A", self.application, "worker", "-l", "info"]
        command += ["--web-port", str(self.port)]
        told = self.environment | {f"STAYSHELF_{name}": value for name, value in settings.items()}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=told, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        return self

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        """SIGTERM; its exit status. Killed where it does not end in time."""
        assert self._process is not None
        self._process.terminate()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        """The process id, also when it is gone."""
        assert self._process is not None
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs, or never did."""
        return None if self._process is None else self._process.poll()

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    async def is_ready(self, session: aiohttp.ClientSession) -> bool:
        """Whether /health/ready says so now."""
        try:
            async with session.get(f"{self.url}/health/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False  # not listening yet

    async def ready(self, within: float = READY_SECONDS) -> None:
        """Wait until /health/ready says so; fails with the end of the log where it does not, or the process ends."""
        deadline = time.monotonic() + within
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < deadline:
                if not self.running:
                    break
                if await self.is_ready(session):
                    return
                await asyncio.sleep(0.1)
        raise AssertionError(f"the worker is {'not ready' if self.running else 'gone'}:\n{self.tail()}")

    def tail(self, lines: int = 60) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])
