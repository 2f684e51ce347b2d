"""Which records this process works on right now, kept where the death of the process leaves it: in a mapped file.

A store into mapped memory costs no call into the kernel, and the kernel keeps the page whatever ends the process: a
segmentation fault, kill -9, running out of memory. All work on records runs in the event loop, one stretch at a time,
so there is one mark.
"""

import mmap
import os
import struct
from pathlib import Path
from typing import NamedTuple

_BYTES = 64
_mark = struct.Struct("<40sIqq")  # topic, partition, start, stop, behind the byte that says whether it counts


class Stretch(NamedTuple):
    """Records of a source partition with offsets from start up to, without, stop."""

    topic: str
    partition: int
    start: int
    stop: int


class InWork:
    """The mark of one process. Before it is opened, and where it can't be, nothing is marked."""

    def __init__(self) -> None:
        self._map: mmap.mmap | None = None

    def open(self, file: Path) -> Stretch | None:
        """Begin to mark in a file; what the process before this one was working on when it died."""
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            # A hole in the file would end the process at the first mark on a full disk.
            os.posix_fallocate(descriptor, 0, _BYTES)
            self._map = mmap.mmap(descriptor, _BYTES)
        finally:
            os.close(descriptor)
        found = self._left()
        self.leave()
        return found

    def _left(self) -> Stretch | None:
        assert self._map is not None
        topic, partition, start, stop = _mark.unpack_from(self._map, 1)
        if self._map[0] != 1 or not start < stop:
            return None
        return Stretch(topic.rstrip(b"\0").decode("ascii", "replace"), partition, start, stop)

    def enter(self, topic: str, partition: int, start: int, stop: int) -> None:
        """Work begins on these records."""
        marks = self._map
        if marks is not None:
            marks[0] = 0
            _mark.pack_into(marks, 1, topic.encode(), partition, start, stop)
            marks[0] = 1

    def leave(self) -> None:
        """The work is done, or given up."""
        if self._map is not None:
            self._map[0] = 0

    def close(self) -> None:
        """End marking; nothing is in work."""
        if self._map is not None:
            self.leave()
            self._map.close()
            self._map = None
