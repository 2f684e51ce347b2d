"""Index entries and tallies made from rows: of a changelog, and of whole copies restored without them."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from app.engine.ranking import Lowest
from app.engine.storage import PartitionStore, Tallies
from app.engine.store_failure import StoreFailed
from app.engine.task import Task

_ROWS_A_STEP = 500


class Derived(NamedTuple):
    """Index entries and differences of tallies (None: unknown) that come with rows."""

    entries: dict[bytes, bool]
    tallies: Tallies | None


def derived(task: Task, rows: dict[bytes, bytes | None]) -> Derived:
    """What changed rows, by key, make of the index entries and tallies of what is on disk now."""
    index: dict[bytes, bool] = {}
    tallies: Tallies = {}
    for tag, table in task.tables.items():
        changed = {key: value for key, value in rows.items() if value is not None and key.startswith(tag)}
        if not changed or table.reindex is None:
            continue
        before = [None if value is None else table.decode(value) for value in map(task.store.get, changed)]
        after = list(map(table.decode, changed.values()))
        index.update(table.reindex(list(changed), before, after))
        if table.tally is not None:
            tallies[tag] = table.tally.count(after) - table.tally.count(before)
    return Derived(index, tallies)


class Reindexer:
    """Builds missing indexes in steps, so that a restored copy serves rows at once and indexes soon."""

    def __init__(self) -> None:
        self._wanted: dict[Task, tuple[PartitionStore, Iterator[None]]] = {}

    def want(self, task: Task) -> None:
        """Build a copy's indexes if it has none."""
        if task in self._wanted or task.store.failure is not None:
            return
        if not task.store.indexed:
            self._wanted[task] = task.store, _build(task)
        elif any(lowest is None or lowest.is_short for lowest in task.lowest.values()):
            self._wanted[task] = task.store, _rank(task)
        elif task.store.tallies is None:
            self._wanted[task] = task.store, _count(task)

    def entries(self, task: Task, rows: dict[bytes, bytes | None]) -> Derived:
        """What to write with rows from the changelog; nothing is known where all of it is yet to be built."""
        # A row behind the cursor of what is being built is not looked at again.
        return derived(task, rows) if task.store.indexed or task in self._wanted else Derived({}, None)

    def step(self) -> bool:
        """Do a little; True while there is more to do."""
        for task, (store, building) in list(self._wanted.items()):
            # A task that was rebuilt has another store, and nothing to do with what was in this one.
            if not task.is_open or task.store is not store or _is_done(building):
                del self._wanted[task]
            return True
        return False


def _is_done(building: Iterator[None]) -> bool:
    try:
        return next(building, "done") == "done"
    except StoreFailed:  # the copy is replaced, and indexed then
        return True


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
            store.write((), store.changelog_offset, entries, tallies={})
            if len(rows) < _ROWS_A_STEP:
                break
            start = rows[-1][0] + b"\0"
            yield
    store.indexed = True
    store.write((), store.changelog_offset, {}, tallies={})
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


def _count(task: Task) -> Iterator[None]:
    """Count the rows of the tables' tallies on one view of the disk, so that what changes meanwhile counts once."""
    store, counted = task.store, {}
    tables = {tag: table for tag, table in task.tables.items() if table.tally is not None}
    for (tag, table), rows in zip(tables.items(), store.begin_tallies(map(_all_with, tables)), strict=True):
        assert table.tally is not None
        counted[tag] = 0
        while part := list(islice(rows, _ROWS_A_STEP)):
            counted[tag] += table.tally.count([table.decode(value) for _, value in part])
            yield
    store.end_tallies(counted)


def _all_with(tag: bytes) -> tuple[bytes, bytes]:
    return tag, bytes([tag[0] + 1])
