"""What the gauges show: looked up in the engine's parts whenever somebody looks, never counted beside the work."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from app.engine.group import GROUP_BY_NAME
from app.engine.task import Task, TaskId

Place = tuple[str, int]


class Readings(NamedTuple):
    """One moment of a worker. lag, stable_lag and stable_age_s are by (topic, partition) of what is assigned as active.

    stopped are by (topic, partition, reason); partitions by (group, role); restore_remaining and standby_lag, in
    changelog records, by table; sizes by group.
    """

    lag: Mapping[Place, int]
    stable_lag: Mapping[Place, int]
    stable_age_s: Mapping[Place, float]
    stopped: Mapping[tuple[str, int, str], int]
    partitions: Mapping[tuple[str, str], int]
    without_standby: int
    restore_remaining: Mapping[str, int]
    standby_lag: Mapping[str, int]
    disk_bytes: Mapping[str, int]
    memory_bytes: Mapping[str, int]
    negative_stock_rows: int
    overbooked_nights: int
    in_touch: bool
    registry_up: bool
    schemas_awaited: int


def read(engine: Any) -> Readings:
    """The engine as it is now."""
    app, watch, restore = engine.app, engine.offsets, engine.app.tables.recovery
    fleet, wanted = app.fleet_map(), engine.settings.standbys
    owned = {id for id, at in fleet.items() if at.active == app.own_url}
    places = [(topic, id.partition) for id in owned for topic in GROUP_BY_NAME[id.group].sources]
    tasks = engine.tasks.held()
    return Readings(
        lag={place: watch.lag(*place) for place in places},
        stable_lag={place: watch.lag(*place, stable=True) for place in places},
        stable_age_s={place: watch.stalled_s(*place) for place in places},
        stopped=engine.stops.shown(),
        partitions=Counter((task.group, _role(task, owned)) for task in tasks),
        without_standby=sum(len(fleet[id].standbys) < wanted for id in owned),
        restore_remaining=_by_table((task, restore.remaining(task)) for task in _restoring(tasks, owned)),
        standby_lag=_by_table((task, restore.behind(task)) for task in tasks if task.id not in owned),
        disk_bytes=_by_group(tasks, 0),
        memory_bytes=_by_group(tasks, 1),
        negative_stock_rows=_tally(tasks, "negative_stock_rows"),
        overbooked_nights=_tally(tasks, "overbooked_nights"),
        in_touch=engine.in_touch,
        registry_up=getattr(app.registry, "reachable", True),
        schemas_awaited=getattr(app.registry, "awaited", 0),
    )


def _role(task: Task, owned: set[TaskId]) -> str:
    if task.role == "active":
        return "active"
    return "standby" if task.ready and task.id not in owned else "restoring"


def _restoring(tasks: list[Task], owned: set[TaskId]) -> Iterator[Task]:
    return (task for task in tasks if task.id in owned and task.role != "active")


def _by_table(found: Iterator[tuple[Task, int]]) -> dict[str, int]:
    """Records by table: a changelog's stand under each of its tables."""
    sums: Counter[str] = Counter()
    for task, records in found:
        for table in task.tables.values():
            sums[table.name] += records
    return sums


def _by_group(tasks: list[Task], which: int) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for task in tasks:
        sums[task.group] += task.store.sizes()[which]
    return sums


def _tally(tasks: list[Task], name: str) -> int:
    """Rows that fulfil a condition, of active partitions; one that is still being counted is left out."""
    return sum(
        (task.store.tallies or {}).get(tag, 0)
        for task in tasks
        if task.role == "active"
        for tag, table in task.tables.items()
        if table.tally is not None and table.tally.name == name
    )
