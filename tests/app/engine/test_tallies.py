"""What tallies keep as rows change is what a look at all rows finds, in every copy, however it came about."""

from pathlib import Path
from random import Random

import pytest

from app.domain.availability import Night
from app.engine import reindex
from app.engine.reindex import Reindexer
from app.engine.task import Task
from tables.availability import availability
from tables.stock import stock
from tests.app.engine.opened import SOURCE, commit, movement, opened, put_stock, unit

Records = list[tuple[bytes, bytes | None]]


def sold(task: Task, rng: Random) -> None:
    """A unit that makes some rows of few stores and nights go below and above the line, some of them twice."""
    kinds = ("SALE", "SALE", "RECEIPT", "COUNT")
    start = task.reached(SOURCE).next_offset
    events = [
        movement(f"{start}-{n}", rng.choice(kinds), rng.randrange(5), location_id=f"S{rng.randrange(30)}")
        for n in range(20)
    ]
    one = unit(task, start, events)
    put_stock(one)
    nights = one.rows(availability)
    for _ in range(20):
        key = availability.key("H", rng.randrange(30), "R")
        nights.get(key)
        nights.put(key, Night(capacity=rng.choice((None, 2)), sold=rng.randrange(5)))
    nights.flush(task.pending)


def changed(task: Task, rng: Random) -> Records:
    """One commit of several units."""
    for _ in range(rng.randrange(1, 4)):
        sold(task, rng)
    return commit(task)


def counted(task: Task) -> dict[bytes, int]:
    """What a look at all rows finds."""
    found = {}
    for tag, table in task.tables.items():
        if table.tally is not None:
            rows = [table.decode(value) for _, value in task.store.scan(tag, bytes([tag[0] + 1]))]
            found[tag] = table.tally.count(rows)
    return found


def follow(task: Task, records: Records, reindexer: Reindexer) -> None:
    rows = dict(records)
    task.apply(rows, task.store.changelog_offset + len(records), reindexer.entries(task, rows))


def assert_right(task: Task) -> None:
    assert task.store.tallies == counted(task)
    assert sum(task.store.tallies.values())


@pytest.mark.parametrize("seed", range(5))
def test_commits_and_standbys_count_every_change_once(tmp_path: Path, seed: int) -> None:
    rng, live, copy = Random(seed), opened(tmp_path / "live"), opened(tmp_path / "copy")
    copy.reset()
    for _ in range(10):
        follow(copy, changed(live, rng), Reindexer())
        assert_right(live)
        assert copy.store.tallies == live.store.tallies
    live.close()
    copy.close()


def test_what_was_not_committed_counts_for_nothing(tmp_path: Path) -> None:
    rng, live = Random(1), opened(tmp_path)
    changed(live, rng)
    sold(live, rng)
    live.reset()
    assert_right(live)
    live.promote()
    sold(live, rng)
    live.take_pending()
    live.reset()
    assert_right(live)
    live.close()


def test_they_are_there_again_after_a_restart(tmp_path: Path) -> None:
    live = opened(tmp_path)
    changed(live, Random(2))
    before = live.store.tallies
    live.close()
    again = opened(tmp_path)
    assert again.store.tallies == before
    again.close()


@pytest.mark.parametrize("seed", range(5))
def test_a_copy_restored_in_bulk_is_counted_while_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(reindex, "_ROWS_A_STEP", 3)
    rng, live, copy, reindexer = Random(seed), opened(tmp_path / "live"), opened(tmp_path / "copy"), Reindexer()
    copy.reset()
    copy.store.indexed = False
    for _ in range(5):
        follow(copy, changed(live, rng), reindexer)
    assert copy.store.tallies is None
    during = 0
    while copy.store.tallies is None:
        reindexer.want(copy)
        reindexer.step()
        if rng.random() < 0.2:
            follow(copy, changed(live, rng), reindexer)
            during += 1
    assert during
    assert_right(copy)
    assert copy.store.tallies == live.store.tallies
    live.close()
    copy.close()


def test_a_copy_that_is_rebuilt_or_closed_while_it_is_counted_opens_again(tmp_path: Path) -> None:
    live, reindexer = opened(tmp_path), Reindexer()
    for _ in range(20):
        changed(live, Random(4))
    live.store.tallies = None
    live.store.begin_tallies([(b"a", b"b")])
    live.close()
    again = opened(tmp_path)
    next(iter(again.store.begin_tallies([stock.prefix()])))
    again.rebuild("damaged")
    assert again.store.tallies == {}
    reindexer.want(again)
    again.close()


def test_rows_of_unknown_difference_end_a_count(tmp_path: Path) -> None:
    task = opened(tmp_path)
    task.store.begin_tallies([])
    task.store.write([(b"k", b"v")], 1, {}, tallies=None)
    task.store.end_tallies({b"s": 3})
    assert task.store.tallies is None
    task.close()
