from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.engine.assignor import Owners
from app.engine.readings import read
from app.engine.task import Task, TaskId
from tests.app.engine.opened import TABLES, commit, movement, opened, put_stock, unit

HERE, THERE = "http://here", "http://there"


@pytest.fixture
def tasks(tmp_path: Path) -> Iterator[list[Task]]:
    """An owned partition of inventory that is read, one that restores; a standby of bookings."""
    made = [
        opened(tmp_path / "read"),
        opened(tmp_path / "restoring", partition=1),
        opened(tmp_path / "standby", "bookings", 2),
    ]
    made[1].reset()
    made[2].role = "standby"
    yield made
    for task in made:
        task.close()


def names(group: str) -> set[str]:
    """The tables of a group."""
    return {table.name for table in TABLES if table.group == group}


def engine(tasks: list[Task], **registry: Any) -> Any:
    fleet = {
        TaskId("inventory", 0): Owners(HERE, (THERE,)),
        TaskId("inventory", 1): Owners(HERE, ()),
        TaskId("inventory", 2): Owners(THERE, ()),
        TaskId("bookings", 2): Owners(THERE, (HERE,)),
    }
    restore = SimpleNamespace(remaining=lambda task: 70 + task.partition, behind=lambda task: 5)
    app = SimpleNamespace(
        fleet_map=lambda: fleet,
        own_url=HERE,
        tables=SimpleNamespace(recovery=restore),
        registry=SimpleNamespace(**registry),
    )
    watch = SimpleNamespace(
        lag=lambda topic, partition, stable=False: partition * 100 + 10 - stable * 3, stalled_s=lambda *place: 1.5
    )
    held = SimpleNamespace(held=lambda: tasks)
    stops = SimpleNamespace(shown=lambda: {("inventory-events", 0, "registry"): 1})
    settings = SimpleNamespace(standbys=1)
    return SimpleNamespace(app=app, offsets=watch, tasks=held, settings=settings, in_touch=True, stops=stops)


def test_lag_is_that_of_all_partitions_assigned_here_even_while_they_restore(tasks: list[Task]) -> None:
    now = read(engine(tasks))
    assert now.lag == {
        ("inventory-events", 0): 10,
        ("stayshelf-reservations", 0): 10,
        ("inventory-events", 1): 110,
        ("stayshelf-reservations", 1): 110,
    }
    assert now.stable_lag["inventory-events", 1] == 107
    assert now.stable_age_s["inventory-events", 1] == 1.5


def test_partitions_that_stand_still_are_named(tasks: list[Task]) -> None:
    assert read(engine(tasks)).stopped == {("inventory-events", 0, "registry"): 1}


def test_what_restores_and_what_follows_stand_under_every_table_of_their_changelog(tasks: list[Task]) -> None:
    now = read(engine(tasks))
    assert now.partitions == {("inventory", "active"): 1, ("inventory", "restoring"): 1, ("bookings", "standby"): 1}
    assert now.restore_remaining == dict.fromkeys(names("inventory"), 71)
    assert now.standby_lag == dict.fromkeys(names("bookings"), 5)
    assert now.without_standby == 1


def test_tallies_are_those_of_active_partitions(tasks: list[Task]) -> None:
    for task in tasks[:2]:
        task.promote()
        put_stock(unit(task, 0, [movement("e", "SALE", 2), movement("f", "SALE", 2, item_id="J")]))
        commit(task)
    assert read(engine(tasks)).negative_stock_rows == 4
    tasks[1].demote()
    assert read(engine(tasks)).negative_stock_rows == 2
    tasks[0].store.begin_tallies([])
    assert read(engine(tasks)).negative_stock_rows == 0


def test_sizes_are_those_of_the_files_and_the_memory(tasks: list[Task]) -> None:
    put_stock(unit(tasks[0], 0, [movement("e")]))
    commit(tasks[0])
    now = read(engine(tasks))
    assert now.memory_bytes["inventory"] > 0
    assert set(now.disk_bytes) == {"inventory", "bookings"}


def test_a_registry_by_url_is_asked_how_it_is(tasks: list[Task]) -> None:
    assert (read(engine(tasks)).registry_up, read(engine(tasks)).schemas_awaited) == (True, 0)
    now = read(engine(tasks, reachable=False, awaited=2))
    assert (now.registry_up, now.schemas_awaited) == (False, 2)
