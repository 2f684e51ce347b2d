"""Index entries made from rows: for rows that come from a changelog, and for whole copies restored without them."""

from collections.abc import Iterator
from itertools import islice

from app.engine.ranking import Lowest
from app.engine.storage import PartitionStore
from app.engine.task import Task

_ROWS_A_STEP = 500


def index_changes(task: Task, rows: dict[bytes, bytes | None]) -> dict[bytes, bool]:
    """What changed rows, by key, make of the index entries of what is on disk now."""
    changes: dict[bytes, bool] = {}
    for tag, table in task.tables.items():
        if table.reindex is None:
            continue
        changed = {key: value for key, value in rows.items() if value is not None and key.startswith(tag)}
        before = [None if value is None else table.decode(value) for value in map(task.store.get, changed)]
        changes.update(table.reindex(list(changed), before, list(map(table.decode, changed.values()))))
    return changes


class Reindexer:
    """Builds missing indexes in steps, so that a restored copy serves rows at once and indexes soon."""

    def __init__(self) -> None:
        self._wanted: dict[Task, tuple[PartitionStore, Iterator[None]]] = {}

    def want(self, task: Task) -> None:
        """Build a copy's indexes if it has none."""
        if task in self._wanted:
            return
        if not task.store.indexed:
            self._wanted[task] = task.store, _build(task)
        elif any(lowest is None or lowest.is_short for lowest in task.lowest.values()):
            self._wanted[task] = task.store, _rank(task)

    def entries(self, task: Task, rows: dict[bytes, bytes | None]) -> dict[bytes, bool]:
        """Index entries to write with rows from the changelog: none where all of them are yet to be built."""
        # A row behind the cursor of what is being built is not looked at again.
        return index_changes(task, rows) if task.store.indexed or task in self._wanted else {}

    def step(self) -> bool:
        """Do a little; True while there is more to do."""
        for task, (store, building) in list(self._wanted.items()):
            # A task that was rebuilt has another store, and nothing to do with what was in this one.
            if not task.is_open or task.store is not store or next(building, "done") == "done":
                del self._wanted[task]
            return True
        return False


def _build(task: Task) -> Iterator[None]:
    """Drop all entries, then make them from the rows.

    Each step looks at the disk anew: a row that changes behind the cursor brings its entries itself, one before it
    is seen.
    """
    store = task.store
    for tag in task.index_tags:
        store.delete_range(*_all_with(tag))
    for tag, table in task.tables.items():
        start, stop = _all_with(tag)
        while table.reindex is not None:
            rows = list(islice(store.scan(start, stop), _ROWS_A_STEP))
            decoded = [table.decode(value) for _, value in rows]
            entries = table.reindex([key for key, _ in rows], [None] * len(rows), decoded)
            store.write((), store.changelog_offset, entries)
            if len(rows) < _ROWS_A_STEP:
                break
            start = rows[-1][0] + b"\0"
            yield
    store.indexed = True
    store.write((), store.changelog_offset, {})
    yield from _rank(task)


def _rank(task: Task) -> Iterator[None]:
    """Build the rankings anew; the ones so far answer until then, and both take note of what changes meanwhile."""
    for tag, table in task.tables.items():
        if table.ranking is None:
            continue
        building = Lowest(table.ranking)
        task.building[table.ranking.format.tag] = building
        start, stop = _all_with(tag)
        while True:
            rows = list(islice(task.store.scan(start, stop), _ROWS_A_STEP))
            for key, value in rows:
                building.note(key, table.ranking.score(table.decode(value)))
            if len(rows) < _ROWS_A_STEP:
                break
            start = rows[-1][0] + b"\0"
            yield
        task.lowest[table.ranking.format.tag] = task.building.pop(table.ranking.format.tag)


def _all_with(tag: bytes) -> tuple[bytes, bytes]:
    return tag, bytes([tag[0] + 1])
