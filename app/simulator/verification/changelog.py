"""A changelog partition folded: its last rows, its position, and which rows are older than what the sources hold."""

from collections.abc import Mapping
from typing import Any

from app.engine.changelog import POSITION_KEY, Position
from app.engine.storage import EVENT_IDS, META

NOT_ROWS = (POSITION_KEY, EVENT_IDS, META)


class State:
    """Fed a changelog partition's records in order.

    `cut` says where sources no longer start at 0: their first offsets, by topic for this partition, and by partition of
    booking-events for reservations. `older` are the keys that were changed by something before that. It is None where
    compaction has removed the changelog's own beginning, so that nobody can tell."""

    def __init__(self, cut: Mapping[str, int], upstream_cut: Mapping[int, int]) -> None:
        self.rows: dict[bytes, bytes] = {}
        self.position = Position({}, {}, 0)
        self.older: set[bytes] | None = set()
        self._cut = cut
        self._upstream_cut = upstream_cut
        self._changed: list[bytes] = []
        self._is_first = True

    def feed(self, record: Any) -> None:
        """Take the next record: a row, the ids of a commit, or the position that ends it."""
        if record.key == POSITION_KEY:
            self._commit(Position.decode(record.value))
        elif record.key[:1] not in NOT_ROWS:
            self._changed.append(record.key)
            if record.value is None:
                self.rows.pop(record.key, None)
            else:
                self.rows[record.key] = record.value

    def is_older(self, key: bytes) -> bool:
        """Whether the row was, or may have been, there before what the sources still hold."""
        return self.older is None or key in self.older

    def next_offset(self, topic: str) -> int:
        """How far the rows have come in a source."""
        at = self.position.sources.get(topic)
        return 0 if at is None else at.next_offset

    def _commit(self, position: Position) -> None:
        if self._cut or self._upstream_cut:
            if self._is_first and position.ids > 1:
                self.older = None
            if self.older is not None and self._began_before_the_cut(position):
                self.older.update(self._changed)
        self._is_first = False
        self._changed.clear()
        self.position = position

    def _began_before_the_cut(self, position: Position) -> bool:
        if any(self.next_offset(topic) < first for topic, first in self._cut.items()):
            return True
        before = self.position.upstream
        return any(
            before.get(partition, (-1, 0))[0] < first and before.get(partition) != position.upstream.get(partition)
            for partition, first in self._upstream_cut.items()
        )
