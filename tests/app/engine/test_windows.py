"""Windows through units, commits, resets and restarts: always what the reference makes of the same events."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.measures import Entry
from app.domain.windows import HOURS, MINUTES, horizon
from app.engine.panes import Windows
from app.engine.task import Task
from app.engine.windows import newest_of
from app.simulator.reference import windows as reference
from app.simulator.reference.model import Reference
from tables.windows import booking_windows, sales
from tests.app.engine.opened import NOW, commit, movement, opened, unit
from tests.app.engine.panes_held import same

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
#: So few fit one row that rows of their own are common.
CROWDED = sales._replace(packed_max=3)


def note(task: Task, windows: Windows, start: int, noted: list[Any]) -> None:
    one = unit(task, start, [movement(f"e{start + n}") for n in range(len(noted))])
    add = one.windows(windows).add
    for each, _ in zip(noted, one.events(), strict=True):
        add(each)


def modelled_sales(events: list[Any]) -> Reference:
    model = Reference()
    for event in events:
        model.windows["sales"].applied(0, event.occurred_at)
        if event.event_type != "COUNT":
            measures = reference.sale({"eventType": event.event_type, "quantity": event.quantity})
            model.windows["sales"].count(0, event.location_id, at=event.occurred_at, measures=measures)
    return model


def late_of(events: list[Any]) -> int:
    return modelled_sales(events).windows["sales"].late


STORES = st.sampled_from(["a", "b", "c", "d", "e", "ü" * 30, "long" * 20])
TIMES = st.one_of(st.integers(0, 3 * MINUTE), st.integers(0, 26 * HOUR), st.integers(0, 40 * DAY))
EVENTS = st.lists(st.tuples(STORES, st.sampled_from(["SALE", "RETURN", "COUNT"]), st.integers(0, 5), TIMES), max_size=8)
STEPS = st.lists(st.tuples(EVENTS, st.sampled_from(["go on", "commit", "reopen", "reset"])), max_size=10)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_panes_are_those_of_the_reference(tmp_path_factory: pytest.TempPathFactory, steps: Any) -> None:
    directory = tmp_path_factory.mktemp("panes")
    task, kept, pending = opened(directory), [], []
    for drawn, then in steps:
        noted = [movement("e", kind, n, location_id=store, occurred_at=at) for store, kind, n, at in drawn]
        note(task, CROWDED, len(kept) + len(pending), noted)
        pending += noted
        if then == "reset":
            task.reset()
            task.role, task.ready, pending = "active", True, []
        elif then != "go on" and task.pending:
            late = late_of(kept + pending) - late_of(kept)
            assert task.pending.counts.late_dropped["sales"] == late
            commit(task)
            kept, pending = kept + pending, []
        if then == "reopen":
            task.close()
            task, pending = opened(directory), []
    if task.pending:
        commit(task)
    assert same(task, modelled_sales(kept + pending), CROWDED)
    task.close()


def test_a_full_commit_of_one_minute_writes_five_rows(tmp_path: Path) -> None:
    task = opened(tmp_path)
    stores = [f"store-{n:03}" for n in range(300)]
    note(task, sales, 0, [movement("e", "SALE", occurred_at=NOW, location_id=store) for store in stores])
    # The minute, its total, the event time.
    assert len(task.pending.rows) == 3
    commit(task)
    later = [movement("e", "SALE", occurred_at=NOW + MINUTE, location_id=store) for store in stores]
    note(task, sales, 300, later)
    # And the hour of the minute that is over, with its total.
    assert len(task.pending.rows) == 5
    task.close()


def test_panes_that_expired_are_deleted_a_few_at_a_time(tmp_path: Path) -> None:
    task, at = opened(tmp_path), 0
    for n in range(300):
        note(task, sales, at, [movement("e", "SALE", occurred_at=NOW + n * MINUTE)])
        at += 1
    commit(task)
    rows = len(task.scan(sales.table, *sales.table.prefix(), 10_000))
    note(task, sales, at, [movement("e", "SALE", occurred_at=NOW + 40 * DAY)])
    # What is not committed decides nothing: rows of the commit on its way must not be missed.
    assert not task.pending.deleted
    commit(task)
    deleted: set[bytes] = set()
    for n in range(1, 20):
        note(task, sales, at + n, [movement("e", "SALE", occurred_at=NOW + 40 * DAY + n * 10 * MINUTE)])
        assert len(task.pending.deleted) <= 72
        assert not deleted & set(task.pending.deleted)
        deleted |= set(task.pending.deleted)
        changes = dict(commit(task))
        assert all(changes[key] is None for key in deleted & changes.keys())
    assert len(deleted) == rows
    newest = newest_of(task.read(sales.clock, sales.clock.key()))
    left = [sales.table.parts(key)[:2] for key, _ in task.scan(sales.table, *sales.table.prefix(), 10_000)]
    assert left
    assert all(start >= horizon((MINUTES, HOURS)[int(number) % 2], newest) for number, start in left)
    task.close()


def test_a_currency_is_kept_apart_in_the_total(tmp_path: Path) -> None:
    task = opened(tmp_path, "bookings")
    crowded = booking_windows._replace(packed_max=2)
    currencies = [f"{letter}UR" for letter in "EABCD"]
    entries = [Entry(f"{c}north", c, NOW, [1, 0, 0, 0, 0, 0]) for c in currencies]
    one = unit(task, 0, [movement(f"e{n}") for n in range(len(entries))], topic="booking-events")
    add = one.windows(crowded).add
    for each, _ in zip(entries, one.events(), strict=True):
        add(each)
    commit(task)
    found = {
        task_key[2:]: row for task_key, row in ((crowded.table.parts(k), r) for k, r in task.scan(
            crowded.table, *crowded.table.prefix(2), 100))
    }  # fmt: skip
    assert found == {
        ("", ""): {"EUR": [1, 0, 0, 0, 0, 0], "AUR": [1, 0, 0, 0, 0, 0]},
        **{("", c): {"": [1, 0, 0, 0, 0, 0]} for c in ("BUR", "CUR", "DUR")},
    }
    task.close()
