"""Rankings: the lowest rows of a table by a score, kept in memory for each task.

An ordered index on disk would cost two more writes for each change of a low row. A ranking keeps only the lowest
rows, and knows up to where it is complete; when too many of them have risen, it is built again from the rows, in
steps.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from app.engine.keys import KeyFormat, Part, packed_number, unpacked_number

#: Rows that stay when a ranking is cut back, and that an answer may ask for at most.
_KEPT = 6_000
_ASKED_MAX = 1_000


class IndexNotReady(Exception):
    """The ranking or index is still being built."""


class Ranking(NamedTuple):
    """What a table's rows are ranked by, lowest first up to a ceiling, then by key; entries look like an index's."""

    name: str
    group: str
    format: KeyFormat
    score: Callable[[Any], int]
    ceiling: int
    help: str

    def key(self, *parts: Part) -> bytes:
        """Bytes of an entry: score, then the parts of the row's key."""
        return self.format.pack(*parts)

    def parts(self, key: bytes) -> tuple[Part, ...]:
        """Score and the parts of the row's key."""
        return self.format.unpack(key)

    def prefix(self, *leading: Part) -> tuple[bytes, bytes]:
        """First entry and the one behind the last that begin with these parts."""
        return self.format.span(*leading)


class Lowest:
    """The rows of one task with the lowest scores: all up to a bound, none above it."""

    def __init__(self, ranking: Ranking) -> None:
        self.ranking = ranking
        self._scores: dict[bytes, int] = {}
        self._bound = ranking.ceiling
        self._bound_key = b"\xff"

    def note(self, key: bytes, score: int) -> None:
        """A row now has this score."""
        if score < self._bound or (score == self._bound and key <= self._bound_key):
            self._scores[key] = score
            if len(self._scores) > 2 * _KEPT:
                self._cut()
        else:
            self._scores.pop(key, None)

    def note_all(self, scores: dict[bytes, int]) -> None:
        """Rows now have these scores; what is far above the bound, most of them, costs one comparison."""
        kept, bound = self._scores, self._bound
        for key, score in scores.items():
            if score <= bound:
                self.note(key, score)
                bound = self._bound
            elif key in kept:
                del kept[key]

    @property
    def is_short(self) -> bool:
        """Whether rows above the bound may be needed for an answer."""
        return len(self._scores) < 2 * _ASKED_MAX and (self._bound, self._bound_key) != (self.ranking.ceiling, b"\xff")

    def scan(self, stop: bytes, limit: int) -> list[tuple[bytes, None]]:
        """Up to limit entries below stop, the lowest first; raises IndexNotReady where some may be missing."""
        below = unpacked_number(stop[1:])
        keys = list(self._scores)
        scores = np.fromiter(self._scores.values(), np.int64, len(keys))
        chosen = np.flatnonzero(scores < below)
        if len(chosen) > limit:
            highest = np.partition(scores[chosen], limit - 1)[limit - 1]
            chosen = chosen[scores[chosen] <= highest]
        elif len(chosen) < limit and below > self._bound and self._bound_key != b"\xff":
            raise IndexNotReady
        # By score first: rows were mostly noted in the order of their keys, which leaves little to sort.
        chosen = chosen[np.argsort(scores[chosen], kind="stable")]
        found = scores[chosen].tolist()
        heads = {score: self.ranking.format.tag + packed_number(score) for score in set(found)}
        entries = [heads[score] + keys[i][1:] for score, i in zip(found, chosen.tolist(), strict=True)]
        entries.sort()
        return [(entry, None) for entry in entries[:limit]]

    def count_below(self, score: int) -> int:
        """Rows with a lower score, as far as they are kept."""
        return sum(1 for found in self._scores.values() if found < score)

    def _cut(self) -> None:
        scores = np.fromiter(self._scores.values(), np.int64, len(self._scores))
        highest = int(np.partition(scores, _KEPT - 1)[_KEPT - 1])
        kept = {key: score for key, score in self._scores.items() if score < highest}
        ties = sorted(key for key, score in self._scores.items() if score == highest)[: _KEPT - len(kept)]
        self._bound, self._bound_key = highest, ties[-1]
        self._scores = kept | dict.fromkeys(ties, highest)
