"""DATA_DIR on disk: one worker a directory, one version of the state in it."""

import fcntl
import os
import shutil
import time
from pathlib import Path
from typing import Self

from app.settings import Refused

# Raised whenever rows, positions or indexes on disk change their bytes or their meaning.
STATE_VERSION = 2
LOCK_TRIES = 5
LOCK_PAUSE = 0.02


class DataDir:
    """The lock, the version and the files of one worker's DATA_DIR; close() lets the next worker in."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: int | None = None

    @property
    def state(self) -> Path:
        """The directory with the RocksDB directories, and nothing else."""
        return self.path / "state"

    @property
    def broker(self) -> Path:
        """The file with the embedded broker's address, `host:port`."""
        return self.path / "broker"

    def claim(self) -> Self:
        """Lock the directory and check its version; raises Refused when it is in use or of another version."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise Refused(f"STAYSHELF_DATA_DIR: {self.path} can't be used: {error.strerror}") from error
        try:
            self._take_lock()
            self._check_version()
            self.state.mkdir(exist_ok=True)
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Give the directory up; safe to call twice."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def empty(self) -> None:
        """Remove the state of the claimed directory, and the address of a broker that is gone."""
        shutil.rmtree(self.state)
        self.state.mkdir()
        for name in (self.broker.name, "in-work", "in-work-beside", "deaths"):
            (self.path / name).unlink(missing_ok=True)

    def in_use(self) -> bool:
        """Whether a worker, of this process or another, holds the directory now."""
        try:
            probe = os.open(self.path / "lock", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(probe)
        return False

    def _take_lock(self) -> None:
        assert self._lock is not None
        # A command that asks in_use() holds the lock for microseconds: one refusal is not yet a worker.
        for _ in range(LOCK_TRIES):
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(LOCK_PAUSE)
        else:
            holder = os.pread(self._lock, 20, 0).decode("ascii", "replace").strip()
            raise Refused(
                f"STAYSHELF_DATA_DIR: {self.path} is in use by the worker with process id {holder or '?'}; "
                "give every worker a directory of its own"
            )
        os.truncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def _check_version(self) -> None:
        marker = self.path / "version"
        if marker.exists():
            found = marker.read_text("utf-8", "replace").strip()[:20]
        else:
            found = "an unknown version" if self.state.exists() and any(self.state.iterdir()) else str(STATE_VERSION)
        if found != str(STATE_VERSION):
            raise Refused(
                f"STAYSHELF_DATA_DIR: {self.path} holds state of another app version ({found}, this one writes "
                f"{STATE_VERSION}); name another directory, or remove this one: state is restored from the changelogs"
            )
        marker.write_text(f"{STATE_VERSION}\n")
