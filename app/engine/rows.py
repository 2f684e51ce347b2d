"""One table as a unit sees and changes it."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from app.domain.ignored import Ignored
from app.engine.decode.cursor import Ints
from app.engine.decode.movements import Movements
from app.engine.pending import Pending
from app.engine.table import RowTable
from app.engine.task import Task

if TYPE_CHECKING:
    from app.engine.unit import Unit

Row = TypeVar("Row")

#: An event type, quantities and times -> for each event the fields of the row it makes where there is none.
Firsts = Callable[[str, Ints, Ints], Iterable[tuple[Any, ...]]]

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
        self._entries: dict[bytes, bool] | None = None

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

    def settle_all(
        self, keys: Sequence[bytes], decide: Callable[..., Row | Ignored], movements: Movements, *, firsts: Firsts
    ) -> list[int]:
        """Decide many events, of these keys: the first one of each new row in columns, the others one after the other.
        Answers the indexes of those that were ignored."""
        rows, ignored = self._look_up(keys), []
        changed, decode, encode = self._changed, self._decode, self._table.encode
        for n, kind, quantity, at in movements.arguments(self._settle_firsts(keys, movements, firsts)):
            key = keys[n]
            row = rows.get(key)
            if row is None:
                row = decode(encode(changed[key]))
            decision = decide(row, kind, quantity, at)
            if decision.__class__ is Ignored:
                self._unit.ignored(str(decision))
                ignored.append(n)
            else:
                rows[key] = changed[key] = decision  # type: ignore[assignment]
        self._applied.update(movements.counts(ignored))
        return ignored

    def _settle_firsts(self, keys: Sequence[bytes], movements: Movements, firsts: Firsts) -> Ints:
        """Make the new rows of their first events, as plain tuples: a tenth of the price of deciding each. Answers the
        indexes of all other events."""
        changed, before = self._changed, self._before
        first = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
        new = np.array([n for key, n in first.items() if before[key] is None], np.int64)
        left = np.ones(len(keys), np.bool_)
        left[new] = False
        for kind, indexes in movements.by_kind(new):
            columns = movements.columns
            rows: Any = firsts(kind, columns.quantities[indexes], columns.times[indexes])
            changed.update(zip(map(keys.__getitem__, indexes.tolist()), rows, strict=True))
        return np.flatnonzero(left)

    def _look_up(self, keys: Sequence[bytes]) -> dict[bytes, Row]:
        """The rows there are before these events; those that are on disk alone are read in one go."""
        decode, raws = self._decode, latest_of(self._unit.task, keys)
        self._before = dict.fromkeys(raws)
        found = {key: decode(raw) for key, raw in raws.items() if raw is not None}
        self._before.update(found)
        return found

    def reindexed(self, entries: dict[bytes, bool]) -> None:
        """The index entries that all changes of the unit bring: they need not be asked for row by row."""
        self._entries = entries

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
            index.update(reindex(keys, before, rows) if self._entries is None else self._entries)
            if tally is not None:
                pending.tallies[table.format.tag] += tally.count(rows) - tally.count(before)
        if ranking is not None and rows:
            scores = pending.scores.setdefault(ranking.format.tag, {})
            scores.update(zip(keys, map(ranking.score, rows), strict=True))


def latest_of(task: Task, keys: Iterable[bytes]) -> dict[bytes, bytes | None]:
    """The newest bytes of rows, committed or not; those that are on disk alone are read in one go."""
    cached = task.rows.get
    found = {key: cached(key) for key in keys}
    missing = [key for key, value in found.items() if value is None]
    for changed in (task.pending.rows, task.committing.rows if task.committing is not None else {}):
        if missing and changed:
            found.update({key: changed[key] for key in missing if key in changed})
            missing = [key for key in missing if key not in changed]
    if missing:
        try:
            found.update(zip(missing, task.store.unchecked_get(missing), strict=True))
        except Exception as error:
            raise task.store.failed(error) from None
    return found
