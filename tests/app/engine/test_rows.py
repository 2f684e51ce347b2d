from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.ignored import Ignored
from app.domain.stock import StockRow
from app.engine.task import Task
from tables.stock import stock, stores
from tests.app.engine.opened import SOURCE, commit, movement, opened, put_stock, unit


@pytest.fixture
def task(tmp_path: Path) -> Iterator[Task]:
    task = opened(tmp_path / "task", partition=7)
    yield task
    task.close()


def test_a_row_is_looked_up_once_and_written_once(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    latest = task.latest
    monkeypatch.setattr(task, "latest", lambda key: (asked.append(key), latest(key))[1])
    put_stock(unit(task, 0, [movement(f"e{n}", quantity=2) for n in range(50)]))
    assert asked == [stock.key("S", "I")]
    assert [stock.decode(row).on_hand for row in task.pending.rows.values()] == [100]
    assert task.pending.offsets == {SOURCE: 50}


def test_a_row_is_seen_as_changed_by_the_events_before(task: Task) -> None:
    rows, key = unit(task, 0, []).rows(stock), stock.key("S", "I")
    assert rows.get(key) is None
    assert rows.settle(key, StockRow(on_hand=7), "COUNT")
    assert not rows.settle(key, Ignored.STALE_COUNT, "COUNT")
    assert rows.get(key) == StockRow(on_hand=7)


@pytest.mark.parametrize("cached", [True, False])
def test_a_committed_row_is_found_again_in_memory_or_on_disk(task: Task, cached: bool) -> None:
    put_stock(unit(task, 0, [movement("e1", "COUNT", 5)]))
    commit(task)
    if not cached:
        task.rows.clear()
    found = unit(task, 1, []).rows(stock).get(stock.key("S", "I"))
    assert found is not None
    assert found.on_hand == 5


def test_only_new_rows_bring_index_entries(task: Task) -> None:
    put_stock(unit(task, 0, [movement("e1"), movement("e2", location_id="T")]))
    assert task.pending.index == {stores.key("S"): True, stores.key("T"): True}
    commit(task)
    put_stock(unit(task, 2, [movement("e3"), movement("e4", location_id="U")]))
    assert task.pending.index == {stores.key("U"): True}
