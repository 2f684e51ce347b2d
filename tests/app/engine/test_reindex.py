from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.availability import Night
from app.engine import reindex
from app.engine.ranking import IndexNotReady
from app.engine.reindex import Reindexer, derived
from app.engine.task import Task
from tables.availability import availability, overbooked
from tables.stock import low_stock, stock, stores
from tests.app.engine.opened import SOURCE, commit, movement, on_disk, opened, put_stock, unit

Records = list[tuple[bytes, bytes | None]]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Task]:
    """A task whose indexes are kept as its rows change."""
    task = opened(tmp_path / "live")
    yield task
    task.close()


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Task]:
    """A copy that is restored without indexes."""
    task = opened(tmp_path / "copy")
    task.reset()
    task.store.indexed = False
    yield task
    task.close()


def change(task: Task, round: int = 0) -> Records:
    """Rows of 40 stores and 30 nights, some of them low, some overbooked; another round changes half of them."""
    numbers = range(0, 40, 1 + round)
    stores = [f"S{n}" for n in numbers] + [f"New-{round}"]
    events = [
        movement(f"{round}-{n}", "COUNT", n + round, location_id=store, item_id=f"I{n % 7}")
        for n, store in enumerate(stores)
    ]
    one = unit(task, task.reached(SOURCE).next_offset, events)
    put_stock(one)
    nights = one.rows(availability)
    for n in range(0, 30, 1 + round):
        key = availability.key(f"H{n % 3}", n, "R")
        nights.get(key)
        nights.put(key, Night(capacity=3, sold=(n + round) % 6))
    nights.flush(task.pending)
    return commit(task)


def restore(task: Task, records: Records, reindexer: Reindexer) -> None:
    """Applies changelog records as app.engine.restore does."""
    rows = dict(records)
    task.apply(rows, task.store.changelog_offset + len(records), reindexer.entries(task, rows))


def finish(reindexer: Reindexer) -> int:
    steps = 0
    while reindexer.step():
        steps += 1
        assert steps < 1_000
    return steps


def lowest(task: Task) -> list[bytes]:
    return [key for key, _ in task.scan(low_stock, b"", low_stock.prefix(21)[0], 1_000)]


def entries(task: Task) -> list[bytes]:
    return [key for key, _ in task.store.scan(b"\xf1", b"\xff")]


def test_indexes_made_later_are_those_kept_all_along(live: Task, copy: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindex, "_ROWS_A_STEP", 7)
    reindexer = Reindexer()
    for round in range(3):
        restore(copy, change(live, round), reindexer)
    assert entries(copy) == []
    reindexer.want(copy)
    reindexer.want(copy)
    reindexer.want(live)
    assert finish(reindexer) > 10
    assert copy.store.indexed
    assert entries(copy) == entries(live) != []
    assert on_disk(copy) == on_disk(live)
    assert lowest(copy) == lowest(live)
    assert [low_stock.parts(key)[0] for key in lowest(live)] == sorted(low_stock.parts(key)[0] for key in lowest(live))
    reindexer.want(copy)
    assert finish(reindexer) > 10
    assert copy.store.tallies == live.store.tallies
    reindexer.want(copy)
    assert finish(reindexer) == 0


def test_rows_that_change_while_indexes_are_made_count(live: Task, copy: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindex, "_ROWS_A_STEP", 3)
    reindexer = Reindexer()
    restore(copy, change(live), reindexer)
    reindexer.want(copy)
    reindexer.want(live)
    rounds = iter(range(1, 20))
    while reindexer.step():
        round = next(rounds, None)
        if round is not None:
            restore(copy, change(live, round), reindexer)
    assert entries(copy) == entries(live)
    assert lowest(copy) == lowest(live)


def test_entries_of_a_change_follow_from_what_is_on_disk(live: Task) -> None:
    change(live)
    key = availability.key("H2", 5, "R")
    was = availability.decode(live.store.get(key) or b"")
    known = availability.encode(Night(capacity=3, sold=0))
    changes = derived(live, {key: known, b"\x00": b"{}", stock.key("S0", "I0"): None}).entries
    assert changes == {overbooked.key(5, "H2", "R", was.capacity or 0, was.sold, 0): False}
    new = stock.key("S-new", "I-new")
    row = live.store.get(stock.key("S0", "I0"))
    assert derived(live, {new: row}).entries == {stores.key("S-new"): True}


def test_a_ranking_is_not_answered_for_before_it_is_built(live: Task) -> None:
    change(live)
    with pytest.raises(IndexNotReady):
        lowest(live)
    reindexer = Reindexer()
    reindexer.want(live)
    finish(reindexer)
    assert len(lowest(live)) == 21


def test_a_closed_task_is_left_alone(tmp_path: Path) -> None:
    task = opened(tmp_path)
    change(task)
    reindexer = Reindexer()
    reindexer.want(task)
    task.close()
    assert finish(reindexer) == 1


@pytest.mark.parametrize("indexed", [True, False])
def test_a_task_rebuilt_on_the_way_starts_over(
    live: Task, copy: Task, monkeypatch: pytest.MonkeyPatch, indexed: bool
) -> None:
    monkeypatch.setattr(reindex, "_ROWS_A_STEP", 3)
    reindexer = Reindexer()
    restore(copy, change(live), reindexer)
    copy.store.indexed = indexed
    reindexer.want(copy)
    assert reindexer.step()
    copy.rebuild("for a test")
    finish(reindexer)
    reindexer.want(copy)
    finish(reindexer)
    assert lowest(copy) == []
    assert entries(copy) == []
