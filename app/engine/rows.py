"""One table as a unit sees and changes it."""

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from app.domain.ignored import Ignored
from app.engine.pending import Pending
from app.engine.table import RowTable

if TYPE_CHECKING:
    from app.engine.unit import Unit

Row = TypeVar("Row")

_UNREAD: Any = object()


class Rows(Generic[Row]):
    """One table as a unit sees and changes it: each row is looked up once and written once, however many events."""

    def __init__(self, unit: "Unit", table: RowTable[Row]) -> None:
        self._unit = unit
        self._table = table
        self._applied = unit.counted
        self._cached = unit.task.rows
        self._latest = unit.task.latest
        self._decode = table.decode
        self._before: dict[bytes, Row | None] = {}
        self._changed: dict[bytes, Row] = {}

    def get(self, key: bytes) -> Row | None:
        """The row of a key after all events before this one; None where there is none."""
        row = self._changed.get(key)
        if row is None and (row := self._before.get(key, _UNREAD)) is _UNREAD:
            raw = self._cached.get(key) or self._latest(key)
            row = self._before[key] = None if raw is None else self._decode(raw)
        return row

    def put(self, key: bytes, row: Row) -> None:
        """Change a row that was looked up before."""
        self._changed[key] = row

    def settle(self, key: bytes, decision: Row | Ignored, kind: str) -> bool:
        """Change the row, or count why the event was ignored. True where it was applied."""
        if decision.__class__ is Ignored:
            self._unit.ignored(str(decision))
            return False
        self._changed[key] = decision  # type: ignore[assignment]
        counted = self._applied
        counted[kind] = counted.get(kind, 0) + 1
        return True

    def flush(self, pending: Pending) -> None:
        """Hand the changed rows and their index entries to the task."""
        table = self._table
        encode, reindex, ranking, tally = table.encode, table.reindex, table.ranking, table.tally
        cached, changed, index = self._unit.task.rows, pending.rows, pending.index
        keys, rows = list(self._changed), list(self._changed.values())
        values = list(map(encode, rows))
        cached.update(zip(keys, values, strict=True))
        changed.update(zip(keys, values, strict=True))
        pending.bytes += sum(map(len, keys)) + sum(map(len, values))
        if reindex is not None:
            before = list(map(self._before.__getitem__, keys))
            index.update(reindex(keys, before, rows))
            if tally is not None:
                pending.tallies[table.format.tag] += tally.count(rows) - tally.count(before)
        if ranking is not None and rows:
            scores = pending.scores.setdefault(ranking.format.tag, {})
            scores.update(zip(keys, map(ranking.score, rows), strict=True))
