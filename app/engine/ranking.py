"""Rankings: the lowest rows of a table by a score, kept in memory for each task.

An ordered index on disk would cost two more writes for each change of a low row. A ranking keeps only the lowest
rows, and knows up to where it is complete; when too many of them have risen, it is built again from the rows, in
steps.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

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
    """The rows of one task with the lowest scores: all up to a bound, none above it. Few rows are touched to answer."""

    def __init__(self, ranking: Ranking) -> None:
        self.ranking = ranking
        self._scores: dict[bytes, int] = {}
        self._keys: dict[int, dict[bytes, None]] = {}
        self._bound = ranking.ceiling
        self._bound_key = b"\xff"

    def note(self, key: bytes, score: int) -> None:
        """A row now has this score."""
        if score < self._bound or (score == self._bound and key <= self._bound_key):
            before = self._scores.get(key)
            if before is not None:
                if before == score:
                    return
                self._drop(key, before)
            self._scores[key] = score
            keys = self._keys.get(score)
            if keys is None:
                self._keys[score] = {key: None}
            else:
                keys[key] = None
            if len(self._scores) > 2 * _KEPT:
                self._cut()
        elif key in self._scores:
            self._drop(key, self._scores.pop(key))

    def note_all(self, scores: dict[bytes, int]) -> None:
        """Rows now have these scores; what is far above the bound, most of them, costs one comparison."""
        kept, bound = self._scores, self._bound
        for key, score in scores.items():
            if score <= bound:
                self.note(key, score)
                kept, bound = self._scores, self._bound  # others where it was cut
            elif key in kept:
                self._drop(key, kept.pop(key))

    @property
    def is_short(self) -> bool:
        """Whether rows above the bound may be needed for an answer."""
        return len(self._scores) < 2 * _ASKED_MAX and (self._bound, self._bound_key) != (self.ranking.ceiling, b"\xff")

    def scan(self, stop: bytes, limit: int) -> list[tuple[bytes, None]]:
        """Up to limit entries below stop, the lowest first; raises IndexNotReady where some may be missing."""
        below, tag = unpacked_number(stop[1:]), self.ranking.format.tag
        entries: list[bytes] = []
        for score in sorted(self._keys):
            if score >= below or len(entries) >= limit:
                break
            head = tag + packed_number(score)
            entries += [head + key[1:] for key in sorted(self._keys[score])]
        if len(entries) < limit and below > self._bound and self._bound_key != b"\xff":
            raise IndexNotReady
        return [(entry, None) for entry in entries[:limit]]

    def count_below(self, score: int) -> int:
        """Rows with a lower score, as far as they are kept."""
        return sum(len(keys) for found, keys in self._keys.items() if found < score)

    def _drop(self, key: bytes, score: int) -> None:
        keys = self._keys[score]
        del keys[key]
        if not keys:
            del self._keys[score]

    def _cut(self) -> None:
        kept, room = dict[int, dict[bytes, None]](), _KEPT
        for score in sorted(self._keys):
            keys = self._keys[score]
            if len(keys) >= room:
                ties = sorted(keys)[:room]
                kept[score] = dict.fromkeys(ties)
                self._bound, self._bound_key = score, ties[-1]
                break
            kept[score] = keys
            room -= len(keys)
        self._keys = kept
        self._scores = {key: score for score, keys in kept.items() for key in keys}
