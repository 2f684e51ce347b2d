from pathlib import Path

import pytest

from app.domain.stock import StockRow
from app.engine.task import TaskId
from app.engine.tasks import Tasks
from tables.stock import stock
from tests.app.engine.opened import TABLES, commit, movement, put_stock, unit


@pytest.fixture
def tasks(tmp_path: Path) -> Tasks:
    return Tasks(tmp_path, lambda: TABLES)


def test_a_task_is_opened_once_with_the_tables_of_its_group(tasks: Tasks) -> None:
    task = tasks.open(TaskId("inventory", 3))
    assert tasks.open(TaskId("inventory", 3)) is task is tasks.get("inventory", 3)
    assert {table.name for table in task.tables.values()} == {
        table.name for table in TABLES if table.group == "inventory"
    }
    assert tasks.get("inventory", 4) is None
    tasks.close_all()


def test_active_ones_are_told_from_standbys(tasks: Tasks) -> None:
    one, other = tasks.open(TaskId("bookings", 0)), tasks.open(TaskId("payments", 0))
    one.promote()
    assert tasks.held() == [one, other]
    assert tasks.active() == [one]
    tasks.close_all()


def test_a_closed_task_finds_its_rows_when_it_comes_back(tasks: Tasks) -> None:
    id = TaskId("inventory", 0)
    task = tasks.open(id)
    task.promote()
    put_stock(unit(task, 0, [movement("e1", quantity=4)]))
    commit(task)
    tasks.close(id)
    tasks.close(id)
    assert (task.is_open, task.ready, tasks.held()) == (False, False, [])
    again = tasks.open(id)
    assert again is not task
    row = again.read(stock, stock.key("S", "I"))
    assert isinstance(row, StockRow)
    assert row.on_hand == 4
    assert again.positions == {"inventory-events": 1}
    tasks.close_all()
