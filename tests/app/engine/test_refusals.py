import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from app.engine.committer import CommitFailed, SendRefused
from app.engine.pending import Send
from app.engine.refusals import Refusals
from app.engine.stops import Stops
from app.engine.task import Task
from tests.app.engine.opened import SOURCE, movement, opened, put_stock, unit

DEAD = f"{SOURCE}-dlt"


class Engine:
    """The engine as refusals know it."""

    def __init__(self) -> None:
        self.stops = Stops(logging.getLogger("refusals"))
        self.held: dict[TP, int] = {}
        self.failed = 0
        self.observer = SimpleNamespace(send_failed=self.note)
        self.app = SimpleNamespace(consumer=SimpleNamespace(pauses=SimpleNamespace(hold=self.hold)))

    def note(self, records: int) -> None:
        self.failed += records

    def hold(self, tp: TP, offset: int, seconds: float) -> None:
        assert seconds > 0
        self.held[tp] = offset


@pytest.fixture
def tasks(tmp_path: Path) -> Iterator[list[Task]]:
    tasks = [opened(tmp_path / str(n), partition=n) for n in range(3)]
    yield tasks
    for task in tasks:
        task.close()


def taken(tasks: list[Task]) -> Any:
    """Two movements and a dead letter of each task."""
    for task in tasks:
        start = task.reached(SOURCE).next_offset
        put_stock(unit(task, start, [movement(f"e{start}"), movement(f"e{start + 1}")]))
        task.pending.sends.append(Send(DEAD, task.partition, b"k", b"v"))
    return [(task, task.take_pending()) for task in tasks]


def test_who_was_refused_stands_still_and_the_others_are_left(tasks: list[Task], caplog: Any) -> None:
    engine = Engine()
    refusals = Refusals(engine)
    all_of_it = taken(tasks)
    others = refusals.without(SendRefused("MessageSizeTooLargeError", {(DEAD, 1)}), all_of_it)
    assert others == [all_of_it[0], all_of_it[2]]
    assert engine.held == {TP(SOURCE, 1): 0, TP("stayshelf-reservations", 1): 0}
    assert engine.stops.shown() == {(SOURCE, 1, "refused"): 1}
    assert engine.failed == all_of_it[1][1].sent_records
    stopped = tasks[1]
    assert (stopped.role, stopped.ready, bool(stopped.pending), stopped.committing) == ("active", True, False, None)
    assert stopped.reached(SOURCE).next_offset == 0
    assert caplog.messages == [
        f"{SOURCE}-1 stands still: {DEAD}-1 takes nothing from it (MessageSizeTooLargeError); it is tried again"
    ]


def test_a_changelog_may_refuse_too(tasks: list[Task]) -> None:
    refused = SendRefused("it is gone", {(tasks[2].changelog, 2)})
    assert [task for task, _ in Refusals(Engine()).without(refused, taken(tasks))] == tasks[:2]


def test_any_other_failure_concerns_all(tasks: list[Task]) -> None:
    all_of_it = taken(tasks)
    assert Refusals(Engine()).without(CommitFailed("UnknownOutcome"), all_of_it) is all_of_it


def test_what_was_reset_meanwhile_is_not_committed_again(tasks: list[Task]) -> None:
    all_of_it = taken(tasks)
    tasks[0].reset()
    assert Refusals(Engine()).without(SendRefused("gone", {(DEAD, 1)}), all_of_it) == [all_of_it[2]]


def test_a_partition_goes_on_when_it_is_past_what_was_refused(tasks: list[Task]) -> None:
    engine, task = Engine(), tasks[1]
    refusals = Refusals(engine)
    refusals.without(SendRefused("MessageSizeTooLargeError", {(DEAD, 1)}), taken([task]))
    put_stock(unit(task, 0, [movement("e0")]))
    for shown, more in (({(SOURCE, 1, "refused"): 1}, True), ({}, False)):
        parts = [(task, task.take_pending())]
        task.write_committed(100)
        refusals.came_true(parts)
        assert engine.stops.shown() == shown
        if more:
            put_stock(unit(task, 1, [movement("e1")]))


def test_partitions_that_move_are_forgotten(tasks: list[Task]) -> None:
    engine = Engine()
    refusals = Refusals(engine)
    refusals.without(SendRefused("gone", {(DEAD, 0)}), taken(tasks[:1]))
    engine.stops.clear()
    refusals.clear()
    all_of_it = taken(tasks[:1])
    tasks[0].write_committed(100)
    refusals.came_true(all_of_it)
    assert engine.stops.shown() == {}
