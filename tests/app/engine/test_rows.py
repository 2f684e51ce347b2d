from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.ignored import Ignored
from app.domain.stock import STORE_EVENTS, StockRow, decide, first_rows
from app.engine.decode.movements import KINDS, Columns, Movements
from app.engine.pending import Pending
from app.engine.rows import latest_of
from app.engine.store_failure import StoreFailed
from app.engine.task import Task
from tables.stock import stock, stores
from tests.app.engine.opened import NOW, SOURCE, commit, movement, opened, put_stock, unit


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


def columns(events: list[tuple[str, int, int]]) -> Movements:
    codes, quantities, times = (
        np.array(each, np.int64)
        for each in zip(*[(KINDS.index(kind), quantity, at) for kind, quantity, at in events], strict=True)
    )
    return Movements(Columns([], [], [], codes, quantities, times, times), list)


def test_many_are_decided_one_after_the_other(task: Task) -> None:
    kinds, quantities = ["COUNT", "SALE", "COUNT", "SALE"], [10, 3, 7, 1]
    times = [NOW, NOW + 1, NOW - 1, NOW + 2]
    key, other = stock.key("S", "I"), stock.key("S", "J")
    events = list(zip(kinds, quantities, times, strict=True))
    one = unit(task, 0, [])
    rows = one.rows(stock)
    rows.reindexed({stores.key("S"): True})
    assert rows.settle_all([key, key, key, other], decide, columns(events), firsts=first_rows) == [2]
    assert one.counted == {"COUNT": 1, "SALE": 2}
    list(one.events())
    assert {key: stock.decode(row).on_hand for key, row in task.pending.rows.items()} == {key: 7, other: -1}
    assert +task.pending.counts.ignored == {(SOURCE, Ignored.STALE_COUNT): 1}
    assert task.pending.index == {stores.key("S"): True}
    assert task.pending.tallies[b"s"] == 1


EVENT = st.tuples(st.sampled_from(sorted(STORE_EVENTS)), st.integers(0, 9), st.integers(0, 9))


@given(st.lists(st.tuples(st.sampled_from("abcde"), EVENT), min_size=1, max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_many_are_decided_as_one_by_one(task: Task, drawn: list[tuple[str, tuple[str, int, int]]]) -> None:
    """Two of the rows are there already."""
    task.load()
    held = [(stock.key("S", item), stock.encode(StockRow(4, counted_at=4, last_event_at=4))) for item in "ab"]
    task.store.write(held, 1, {}, tallies={b"s": 0})
    keys, ignored = [stock.key("S", item) for item, _ in drawn], []
    one, other = unit(task, 0, []), unit(task, 0, [])
    for n, (key, (_, (kind, quantity, at))) in enumerate(zip(keys, drawn, strict=True)):
        row = decide(one.rows(stock).get(key), kind, quantity, at)
        if not one.rows(stock).settle(key, row, kind):
            ignored.append(n)
    rows = other.rows(stock)
    assert rows.settle_all(keys, decide, columns([event for _, event in drawn]), firsts=first_rows) == ignored
    assert one.counted == other.counted
    made = []
    for each in (one.rows(stock), rows):
        pending = Pending()
        each.flush(pending)
        made.append((pending.rows, pending.index, pending.scores, pending.tallies, pending.bytes))
        task.rows.clear()
    assert made[0] == made[1]


def test_many_rows_are_looked_up_where_each_is_newest(task: Task) -> None:
    """On disk, in the commit under way, pending, cached, and nowhere."""
    keys = [stock.key("S", name) for name in ("disk", "both", "committing", "pending", "nowhere")]
    disk, both, committing, pending, nowhere = keys
    task.store.write([(disk, b"1"), (both, b"1")], 1, {}, tallies={})
    task.pending.rows |= {both: b"2", committing: b"3"}
    task.take_pending()
    task.pending.rows[pending] = b"4"
    expected = {disk: b"1", both: b"2", committing: b"3", pending: b"4", nowhere: None}
    assert latest_of(task, keys) == {key: task.latest(key) for key in keys} == expected
    task.rows[disk] = b"5"
    assert latest_of(task, [disk, disk]) == {disk: b"5"}


def test_many_rows_of_a_store_that_failed(task: Task) -> None:
    task.store.close()
    with pytest.raises(StoreFailed):
        latest_of(task, [stock.key("S", "I")])
