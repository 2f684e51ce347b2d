"""A disk on which RocksDB keeps no log: what was not flushed is lost when its process dies, the newest writes first.

Stands in the place of rocksdict in app.engine.storage; every WriteBatch counts whole or not at all.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.simulation.virtual_time import PROCESS

Change = tuple[bytes, bytes | None]

#: Every so many writes RocksDB says that it has no room in memory yet.
STALLED = 37


class Batch:
    """rocksdict.WriteBatch."""

    def __init__(self, raw_mode: bool) -> None:
        assert raw_mode
        self.changes: list[Change] = []

    def put(self, key: bytes, value: bytes) -> None:
        self.changes.append((key, value))

    def delete(self, key: bytes) -> None:
        self.changes.append((key, None))


class Bounds:
    """rocksdict.ReadOptions."""

    def __init__(self) -> None:
        self.stop = b""

    def set_iterate_upper_bound(self, stop: bytes) -> None:
        self.stop = stop


class Files:
    """What one directory holds: what is flushed, and the batches that are not."""

    def __init__(self) -> None:
        self.flushed: dict[bytes, bytes] = {}
        self.unflushed: list[list[Change]] = []

    def flush(self, count: int) -> None:
        for changes in self.unflushed[:count]:
            _apply(self.flushed, changes)
        self.unflushed = self.unflushed[count:]


def _apply(rows: dict[bytes, bytes], changes: list[Change]) -> None:
    for key, value in changes:
        if value is None:
            rows.pop(key, None)
        else:
            rows[key] = value


class Disk:
    """The directories of all workers; `hook` is asked before and after each write of a running process."""

    def __init__(self, rng: Random, hook: Callable[[Any, str], Any], written: Callable[[Any, str, list[Change]], None]):
        self.rng = rng
        self.hook = hook
        self.written = written
        self.files: dict[str, Files] = {}
        #: Directories whose next read fails, or that can't even be opened.
        self.unreadable: set[str] = set()
        self.damaged: set[str] = set()
        #: Beginnings of paths on a full disk.
        self.full: set[str] = set()
        self._older: dict[str, dict[bytes, bytes]] = {}
        self.set_aside: list[str] = []
        self.lost_writes = 0
        self.writes = 0

    def crash(self, prefix: str) -> None:
        """The process that had these directories is dead."""
        for path, files in self.files.items():
            if path.startswith(prefix):
                there = len(files.unflushed)
                # The last batch alone is the one that no later one makes good.
                kept = self.rng.choice((self.rng.randint(0, there), max(0, there - 1)))
                self.lost_writes += len(files.unflushed) - kept
                files.flush(kept)
                files.unflushed = []

    def spoil(self, prefix: str, how: str) -> None:
        """What else may have become of a dead process's directories."""
        paths = self.of(prefix)
        if how == "lost":
            for path in paths:
                del self.files[path]
        elif how == "damaged":
            self.damaged.update(paths)
        elif how == "alien" and len(paths) > 1:
            self.files[paths[0]].flushed = dict(self.files[paths[1]].flushed)
        elif how == "older":
            for path in paths:
                self.files[path].flushed = dict(self._older.get(path, {}))

    def keep(self, path: str) -> None:
        """Remember what a directory holds, for a copy of it that comes back one day."""
        self._older[path] = dict(self.files[path].flushed)

    def is_full(self, path: str) -> bool:
        """Whether nothing more can be written there."""
        return any(path.startswith(prefix) for prefix in self.full)

    def of(self, prefix: str) -> list[str]:
        """Directories under a path that hold something."""
        return sorted(path for path, files in self.files.items() if path.startswith(prefix) and files.flushed)


DISK: list[Disk] = []


def set_aside(directory: Path, _why: str) -> None:
    """app.engine.quarantine.set_aside."""
    DISK[-1].files.pop(str(directory), None)
    DISK[-1].set_aside.append(directory.name)


def takes(directory: Path, _size: int) -> bool:
    """app.engine.repair's look at the room there is."""
    return not DISK[-1].is_full(str(directory))


class Store:
    """rocksdict.Rdict."""

    def __init__(self, path: str, _options: Any) -> None:
        self._disk = DISK[-1]
        self._path = path
        if path in self._disk.damaged:
            self._disk.damaged.discard(path)
            raise Exception("Corruption: bad block")
        self._have_room()
        self._files = self._disk.files.setdefault(path, Files())
        self._rows = dict(self._files.flushed)
        self.closed = False

    def _have_room(self) -> None:
        """RocksDB writes when it opens, too."""
        if self._disk.is_full(self._path):
            raise Exception("IO error: No space left on device")

    def get(self, key: bytes | list[bytes]) -> Any:
        if self._path in self._disk.unreadable:
            self._disk.unreadable.discard(self._path)
            raise Exception("Corruption: block checksum mismatch")
        return list(map(self._rows.get, key)) if isinstance(key, list) else self._rows.get(key)

    def write(self, batch: Batch, _options: Any) -> None:
        assert not self.closed
        self._disk.writes += 1
        if self._disk.writes % STALLED == 0:
            raise Exception("Result incomplete: Write stall")
        process = PROCESS.get()
        self._disk.hook(process, "write")
        self._have_room()
        self._files.unflushed.append(batch.changes)
        _apply(self._rows, batch.changes)
        self._disk.written(process, self._path, batch.changes)
        if self._disk.rng.random() < 0.05:
            self._files.flush(self._disk.rng.randint(0, len(self._files.unflushed)))
            self._disk.keep(self._path)
        self._disk.hook(process, "written")

    def iter(self, options: Bounds) -> "Cursor":
        return Cursor(sorted(self._rows.items()), options.stop)

    def delete_range(self, start: bytes, stop: bytes, _options: Any) -> None:
        changes: list[Change] = [(key, None) for key in sorted(self._rows) if start <= key < stop]
        self._files.unflushed.append(changes)
        _apply(self._rows, changes)

    def flush(self) -> None:
        self._files.flush(len(self._files.unflushed))

    def property_int_value(self, _name: str) -> int:
        """Background errors."""
        return 0

    def close(self) -> None:
        self.closed = True


class Cursor:
    """rocksdict's iterator."""

    def __init__(self, rows: list[tuple[bytes, bytes]], stop: bytes) -> None:
        self._rows = rows
        self._stop = stop
        self._at = 0

    def seek(self, start: bytes) -> None:
        self._at = bisect_left(self._rows, (start, b""))

    def valid(self) -> bool:
        return self._at < len(self._rows) and self._rows[self._at][0] < self._stop

    def key(self) -> bytes:
        return self._rows[self._at][0]

    def value(self) -> bytes:
        return self._rows[self._at][1]

    def next(self) -> None:
        self._at += 1

    def status(self) -> None:
        """Nothing went wrong."""


def read_all(files: Files) -> Iterator[tuple[bytes, bytes]]:
    """What a store that is open reads now."""
    rows = dict(files.flushed)
    for changes in files.unflushed:
        _apply(rows, changes)
    yield from sorted(rows.items())
