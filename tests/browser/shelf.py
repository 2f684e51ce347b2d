"""A worker with a broker of its own and the bundled sample in it, for browser tests."""

import gzip
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.commands.demo import SAMPLE
from tests.broker.workers import READY_SECONDS, ROOT, Worker

APPLIED_SECONDS = 120


class Shelf:
    """The running worker, and what it answers."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.url = worker.url

    def get(self, path: str, token: str | None = None) -> Any:
        """The JSON answer at a path."""
        request = urllib.request.Request(self.url + path)
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def wait_until_ready(self) -> None:
        """Wait for /health/ready."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._ready():
            assert time.monotonic() < deadline, f"not ready:\n{self.worker.tail()}"
            time.sleep(0.1)

    def _ready(self) -> bool:
        try:
            return bool(self.get("/health/ready"))
        except OSError:
            return False

    def replay(self) -> int:
        """Send the bundled sample and wait until all of it is applied; how many events it has."""
        command = [sys.executable, "-m", "faust", "-A", "app", "replay", str(SAMPLE)]
        subprocess.run(command, cwd=ROOT, env=self.worker.environment, check=True, capture_output=True)
        with gzip.open(SAMPLE, "rb") as lines:
            sent = sum(1 for _ in lines)
        deadline = time.monotonic() + APPLIED_SECONDS
        while not self._applied(sent):
            assert time.monotonic() < deadline, f"not applied after {APPLIED_SECONDS} s:\n{self.worker.tail()}"
            time.sleep(0.2)
        return sent

    def _applied(self, sent: int) -> bool:
        figures = self.get("/v1/figures")
        sources = ("booking-events", "inventory-events", "payment-events")
        read = sum(figures["consumed"].get(topic, 0) for topic in sources)
        return read >= sent and not any(lag for copy in figures["copies"] for lag in copy["lag"].values())


@contextmanager
def shelf(directory: Path, **settings: str) -> Iterator[Shelf]:
    """A ready worker with an embedded broker."""
    worker = Worker(directory, "", BROKER="embedded", **settings).start()
    try:
        made = Shelf(worker)
        made.wait_until_ready()
        yield made
    finally:
        worker.kill()
