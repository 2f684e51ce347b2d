"""The tasks of this worker: opened, handed over between active and standby, closed; their directories stay on disk."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from app.engine.cache import RowCache
from app.engine.group import GROUP_BY_NAME
from app.engine.in_work import InWork
from app.engine.placement import Copy
from app.engine.table import RowTable
from app.engine.task import Task, TaskId

_CACHED_ROWS_MAX = 1_000_000


class Tasks:
    """Registry of open tasks by (group, partition)."""

    def __init__(self, directory: Path, tables: Callable[[], Iterable[RowTable[Any]]]) -> None:
        self.directory = directory
        self._tables = tables
        #: The worker's transactional id, which its commits carry.
        self.writer = ""
        #: Told the group of each task whose directory was set aside.
        self.on_set_aside: Callable[[str], None] = lambda _group: None
        self.in_work = InWork()
        self._cache = RowCache(_CACHED_ROWS_MAX)
        self._open: dict[TaskId, Task] = {}

    def get(self, group: str, partition: int) -> Task | None:
        """The open task of a partition, or None where this worker has no copy."""
        return self._open.get(TaskId(group, partition))

    def held(self) -> list[Task]:
        """All open tasks, active and standby."""
        return list(self._open.values())

    def active(self) -> list[Task]:
        """Open tasks that this worker owns."""
        return [task for task in self._open.values() if task.role == "active"]

    def copies(self) -> dict[TaskId, Copy]:
        """What this worker has of each task; of directories that are not open, only that there is something."""
        found: dict[TaskId, Copy] = {}
        for directory in self.directory.iterdir() if self.directory.exists() else ():
            group, _, number = directory.name.rpartition("-")
            if group in GROUP_BY_NAME and number.isdigit():
                found[TaskId(group, int(number))] = Copy(1, False)
        for task in self.held():
            found[task.id] = Copy(task.store.changelog_offset, task.ready)
        return found

    def open(self, id: TaskId) -> Task:
        """The task of an id, opened if it was not; raises DiskRefuses."""
        task = self._open.get(id)
        if task is None:
            group = GROUP_BY_NAME[id.group]
            tables = [table for table in self._tables() if table.group == id.group]
            directory = self.directory / f"{id.group}-{id.partition}"
            task = Task(group, id.partition, directory, tables=tables, cache=self._cache)
            task.writer, task.in_work = self.writer, self.in_work
            self._open[id] = task
            if task.store.replaces:
                self.on_set_aside(id.group)
        return task

    def close(self, id: TaskId) -> None:
        """Close one task."""
        task = self._open.pop(id, None)
        if task is not None:
            task.close()

    def close_all(self) -> None:
        """Close every task: the worker ends."""
        for id in list(self._open):
            self.close(id)
