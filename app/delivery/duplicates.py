"""Which event ids were seen in a partition within the last 24 hours (contract, section 2, rule 1).

Ids are kept as 128-bit hashes. The newest are a dict; older ones are sorted numpy runs of 24 bytes an id, merged
like an LSM tree, and large runs lie in unlinked files, so that memory stays bounded whatever the producers send.
"""

import tempfile
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xxhash

HORIZON_MS = 24 * 60 * 60 * 1000

#: One remembered id: the partition's time in epoch ms, then the two halves of its hash.
ENTRY = np.dtype([("time", "<i8"), ("high", "<u8"), ("low", "<u8")])

_HALVES = np.dtype([("high", "<u8"), ("low", "<u8")])

_RECENT_MAX = 16_384
_RUN_IN_MEMORY_MAX = 1 << 18

Run = npt.NDArray[np.void]

digest = xxhash.xxh3_128_digest


def entries(times: Collection[int], digests: Iterable[bytes]) -> Run:
    """ENTRY records of ids and the times they were seen, as they are stored; times rise."""
    run = np.empty(len(times), ENTRY)
    run["time"] = np.fromiter(times, np.int64, len(times))
    halves = np.frombuffer(b"".join(digests), _HALVES)
    run["high"], run["low"] = halves["high"], halves["low"]
    return run


def last_time(stored: bytes) -> int:
    """The newest time in stored ENTRY records."""
    return int(np.frombuffer(stored, ENTRY)["time"].max())


def _as_it_is(error: OSError) -> Exception:
    return error


class DuplicateIndex:
    """The last time of each id of one partition; times are the partition's highest record timestamp so far.

    Where the disk does not take a large run, load and settle raise what `failed` makes of the error.
    """

    def __init__(self, spool: Path | None = None, failed: Callable[[OSError], Exception] = _as_it_is) -> None:
        self.recent: dict[bytes, int] = {}
        self._runs: list[Run] = []
        self._spool = spool
        self._failed = failed

    def load(self, stored: Iterable[bytes]) -> None:
        """Take in stored ENTRY records, the oldest first."""
        joined = b"".join(stored)
        if joined:
            self._add(_sorted(np.frombuffer(joined, ENTRY)))

    def are_new(self, digests: Sequence[bytes]) -> bool:
        """Whether none of them was seen, not even in this list."""
        distinct = set(digests)
        return len(distinct) == len(digests) and distinct.isdisjoint(self.recent) and not self.older(digests)

    def older(self, digests: Sequence[bytes]) -> dict[bytes, int]:
        """Last times of those digests that are no longer among the recent ones; all in one pass."""
        found: dict[bytes, int] = {}
        if not self._runs or not digests:
            return found
        halves = np.frombuffer(b"".join(digests), _HALVES)
        for run in self._runs:
            at = np.searchsorted(run["high"], halves["high"])
            at[at == len(run)] = 0
            for i in map(int, np.flatnonzero(run["high"][at] == halves["high"])):
                time = _time_in(run, int(at[i]), halves[i])
                if time is not None:
                    found[digests[i]] = max(time, found.get(digests[i], time))
        return found

    def settle(self, now: int) -> None:
        """Move recent ids to a run once they are many, and forget what is older than the horizon."""
        if len(self.recent) < _RECENT_MAX:
            return
        self._add(_sorted(entries(self.recent.values(), self.recent.keys())))
        self.recent = {}
        self._runs = [run for run in self._runs if int(run["time"].max()) >= now - HORIZON_MS]

    def _add(self, run: Run) -> None:
        self._runs.append(run)
        while len(self._runs) > 1 and len(self._runs[-2]) <= 2 * len(self._runs[-1]):
            newest, older = self._runs.pop(), self._runs.pop()
            self._runs.append(_sorted(np.concatenate([older, newest])))
        self._runs[-1] = self._spooled(self._runs[-1])

    def _spooled(self, run: Run) -> Run:
        if self._spool is None or len(run) <= _RUN_IN_MEMORY_MAX:
            return run
        try:
            with tempfile.TemporaryFile(dir=self._spool) as file:
                file.write(run.tobytes())
                file.flush()
                return np.memmap(file, ENTRY, "r", shape=run.shape)
        except OSError as error:
            raise self._failed(error) from None


def _sorted(run: Run) -> Run:
    """By hash; of equal neighbours only the last stays. Times rise in the input, and the sort is stable."""
    run = run[np.argsort(run["high"], kind="stable")]
    last = np.ones(len(run), bool)
    last[:-1] = (run["high"][1:] != run["high"][:-1]) | (run["low"][1:] != run["low"][:-1])
    return run[last]


def _time_in(run: Run, at: int, wanted: np.void) -> int | None:
    """The last time of an id; more than one entry only where two ids share 64 bits of hash."""
    time = None
    while at < len(run) and run["high"][at] == wanted["high"]:
        if run["low"][at] == wanted["low"]:
            time = int(run["time"][at])
        at += 1
    return time
