import os
import tempfile
from collections.abc import Iterator
from errno import ENOSPC
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.delivery import duplicates
from app.delivery.duplicates import HORIZON_MS
from app.engine.changelog import ids_key
from app.engine.ledgers import CHANGELOG_BATCH_BYTES_MAX
from app.engine.pending import PENDING_BYTES_MAX
from app.engine.ranking import IndexNotReady
from app.engine.reindex import derived
from app.engine.storage import EVENT_IDS, META
from app.engine.store_failure import DiskRefuses
from app.engine.task import Task
from tables.stock import low_stock, stock, stores
from tests.app.engine.opened import NOW, SOURCE, commit, movement, on_disk, opened, put_stock, unit

KEY = stock.key("S", "I")


@pytest.fixture
def task(tmp_path: Path) -> Iterator[Task]:
    task = opened(tmp_path / "task")
    yield task
    task.close()


def on_hand(task: Task) -> int | None:
    """As readers see it."""
    row = task.read(stock, KEY)
    return None if row is None else row.on_hand


def latest_on_hand(task: Task) -> int:
    """As the next event sees it."""
    raw = task.latest(KEY)
    assert raw is not None
    return stock.decode(raw).on_hand


def receive(task: Task, *quantities: int) -> list[str]:
    """One unit of receipts from where the task is, each with an id of its own."""
    start = task.reached(SOURCE).next_offset
    return put_stock(unit(task, start, [movement(f"e{start + n}", quantity=q) for n, q in enumerate(quantities)]))


def follow(standby: Task, records: list[tuple[bytes, bytes | None]]) -> None:
    """Applies changelog records as app.engine.restore does."""
    rows = dict(records)
    standby.apply(rows, standby.store.changelog_offset + len(records) + 1, derived(standby, rows))


def test_rows_are_looked_up_newest_first(task: Task) -> None:
    assert task.latest(KEY) is None
    receive(task, 1)
    commit(task)
    receive(task, 10)
    taken = task.take_pending()
    receive(task, 100)
    task.rows.clear()
    assert latest_on_hand(task) == 111
    task.pending.rows.clear()
    assert latest_on_hand(task) == 11
    taken.rows.clear()
    assert latest_on_hand(task) == 1


def test_readers_see_what_is_committed_only(task: Task) -> None:
    receive(task, 5)
    assert (on_hand(task), task.positions) == (None, {})
    task.take_pending()
    assert on_hand(task) is None
    task.write_committed(3)
    assert (on_hand(task), task.positions, task.store.changelog_offset) == (5, {SOURCE: 1}, 3)


def test_units_finished_during_a_commit_belong_to_the_next(task: Task) -> None:
    receive(task, 1)
    task.take_pending()
    receive(task, 2)
    task.write_committed(3)
    assert (on_hand(task), task.positions, latest_on_hand(task)) == (1, {SOURCE: 1}, 3)
    commit(task)
    assert (on_hand(task), task.positions) == (3, {SOURCE: 2})


@pytest.mark.parametrize("in_flight", [False, True])
def test_a_reset_drops_what_is_not_committed(task: Task, in_flight: bool) -> None:
    receive(task, 1)
    commit(task)
    receive(task, 10)
    if in_flight:
        task.take_pending()
    epoch = task.epoch
    task.reset()
    assert (task.role, task.ready, bool(task.pending), task.committing) == ("standby", False, False, None)
    assert task.epoch > epoch
    task.promote()
    assert (latest_on_hand(task), task.reached(SOURCE).next_offset) == (1, 1)
    assert receive(task, 10) == ["e1"]


def test_a_unit_read_before_a_reset_is_stale_after_it(task: Task) -> None:
    late = unit(task, 0, [movement("e0")])
    task.reset()
    task.promote()
    assert put_stock(late) == []
    assert (task.gaps, bool(task.pending)) == (set(), False)
    assert receive(task, 1) == ["e0"]


def test_a_standby_takes_no_units(task: Task) -> None:
    task.demote()
    assert put_stock(unit(task, 0, [movement("e0")])) == []
    assert (task.role, task.ready, task.gaps) == ("standby", True, set())


def test_a_demoted_task_goes_on_with_what_it_has_in_memory(task: Task) -> None:
    receive(task, 1)
    commit(task)
    seen, rows = task.seen(), task.rows
    task.demote()
    task.promote()
    assert task.seen() is seen
    assert task.rows is rows
    assert rows
    assert receive(task, 2) == ["e1"]


def test_a_demoted_task_drops_what_it_did_not_commit(task: Task) -> None:
    receive(task, 1)
    task.demote()
    task.promote()
    assert task.latest(KEY) is None
    assert receive(task, 1) == ["e0"]


def test_what_another_worker_did_meanwhile_is_taken_over(task: Task, tmp_path: Path) -> None:
    other = opened(tmp_path / "other")
    receive(task, 1)
    follow(other, commit(task))
    task.demote()
    other.reset()
    other.promote()
    receive(other, 10, 100)
    follow(task, commit(other))
    task.promote()
    assert latest_on_hand(task) == 111
    assert task.reached(SOURCE).next_offset == 3
    assert put_stock(unit(task, 3, [movement("e2"), movement("new")])) == ["new"]
    other.close()


def test_a_rebuilt_task_is_empty_and_waits_for_its_changelog(task: Task) -> None:
    receive(task, 1)
    records = commit(task)
    task.rebuild("for a test")
    assert (on_disk(task), task.positions, task.ready, task.store.changelog_offset) == ({}, {}, False, 0)
    follow(task, records)
    task.promote()
    assert (on_hand(task), receive(task, 1)) == (1, ["e1"])


STEPS = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3), st.integers(1, 9)), max_size=6),
        st.integers(0, HORIZON_MS),
        st.booleans(),
    ),
    max_size=10,
)


@settings(max_examples=25)
@given(steps=STEPS, together=st.integers(1, 3))
def test_a_copy_fed_by_the_changelog_holds_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[list[tuple[int, int, int]], int, bool]],
    together: int,
) -> None:
    directory, now = tmp_path_factory.mktemp("copies"), NOW
    task, standby = opened(directory / "active"), opened(directory / "standby")
    standby.reset()
    log: list[tuple[bytes, bytes | None]] = []
    commits = 0
    for changes, passed, ends in steps:
        start, now = task.reached(SOURCE).next_offset, now + passed
        events = [movement(f"e{id}", "SALE", q, item_id=f"I{item}") for id, item, q in changes]
        put_stock(unit(task, start, events, times=[now] * len(events)))
        if ends:
            log += commit(task)
            commits += 1
        if log and commits % together == 0:
            follow(standby, log)
            log = []
    if task.pending:
        log += commit(task)
    if log:
        follow(standby, log)
    assert on_disk(standby) == on_disk(task)
    assert standby.committed == task.committed
    standby.load()
    # What is past the horizon may still be in memory; it no longer counts, and is no longer on disk.
    last = max(task.seen().recent.values(), default=0)
    counting = {id: time for id, time in task.seen().recent.items() if time >= last - HORIZON_MS}
    assert standby.seen().older([*counting]) == counting
    task.close()
    standby.close()


def test_id_records_past_the_horizon_are_deleted(task: Task) -> None:
    for day in range(4):
        at = NOW + day * (HORIZON_MS // 2 + 1)
        put_stock(unit(task, day, [movement(f"e{day}")], times=[at]))
        records = commit(task)
    assert (ids_key(1), None) in records
    stored = [key for key, _ in task.store.scan(EVENT_IDS, META)]
    assert stored == [ids_key(2), ids_key(3)]


def test_id_records_past_the_horizon_are_deleted_after_a_restart_too(tmp_path: Path) -> None:
    task = opened(tmp_path)
    receive(task, 1)
    commit(task)
    task.close()
    task = opened(tmp_path)
    put_stock(unit(task, 1, [movement("later")], times=[NOW + HORIZON_MS + 1]))
    commit(task)
    assert [key for key, _ in task.store.scan(EVENT_IDS, META)] == [ids_key(1)]
    task.close()


def test_scans_are_cut_and_in_order(task: Task) -> None:
    put_stock(unit(task, 0, [movement(f"e{n}", item_id=f"I{n}") for n in range(5)]))
    commit(task)
    start, stop = stock.prefix("S")
    assert [stock.parts(key)[1] for key, _ in task.scan(stock, start, stop, 3)] == ["I0", "I1", "I2"]
    entries = task.scan(stores, *stores.prefix(), 9)
    assert [(stores.parts(key), row) for key, row in entries] == [(("S",), None)]


def test_a_ranking_that_is_not_built_says_so(task: Task) -> None:
    with pytest.raises(IndexNotReady):
        task.scan(low_stock, b"", low_stock.key(5), 1)


def test_a_task_that_holds_too_much_takes_no_more_before_its_commit(task: Task) -> None:
    receive(task, 1)
    task.pending.bytes = PENDING_BYTES_MAX + 1
    assert receive(task, 1) == []
    assert (task.gaps, task.reached(SOURCE).next_offset) == ({SOURCE}, 1)
    commit(task)
    assert receive(task, 1) == ["e1"]


def test_queued_units_never_make_more_than_a_batch_can_hold(task: Task) -> None:
    size, names = 0, "\U0001f4e6" * 120
    for start in range(0, 16_000, 1_000):
        events = [movement(f"e{start + n}", item_id=f"{names}{start + n}") for n in range(1_000)]
        put_stock(unit(task, start, events))
    size = sum(len(key) + len(value or b"") for key, value in task.take_pending().records())
    assert size < CHANGELOG_BATCH_BYTES_MAX
    assert task.gaps == {SOURCE}


def test_ids_that_the_disk_takes_no_more_of_stop_the_partition_as_a_store_that_fails(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(ENOSPC, os.strerror(ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr(duplicates, "_RECENT_MAX", 20)
    monkeypatch.setattr(duplicates, "_RUN_IN_MEMORY_MAX", 10)
    receive(task, *range(19))
    commit(task)
    with pytest.raises(DiskRefuses):
        receive(task, 1)
    assert isinstance(task.store.failure, DiskRefuses)
    assert task.pending.offsets == {}
