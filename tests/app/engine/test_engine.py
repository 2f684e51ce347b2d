from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest

from app.engine.assignor import Plan, Seat
from app.engine.engine import Engine
from app.engine.kip447 import Membership
from app.engine.ledgers import AcknowledgedLedger, TransactionalLedger
from app.engine.pending import Pending
from app.engine.task import TaskId
from app.settings import Settings
from tests.app.engine.opened import TABLES, commit, movement, put_stock, unit


class Told:
    """An observer that remembers what it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *values: self.calls.append((name, *values))


def engine_of(directory: Path, **settings: Any) -> Engine:
    recovery = Told()
    app = SimpleNamespace(
        conf=SimpleNamespace(id="stayshelf", broker_session_timeout=6.0),
        consumer=SimpleNamespace(last_contact=monotonic()),
        tables=SimpleNamespace(values=lambda: TABLES, recovery=recovery),
    )
    return Engine(app, Settings(_env_file=None, data_dir=directory, **settings), decoders={}, observer=Told())


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = engine_of(tmp_path, broker="kafka://127.0.0.1:1", guarantee="exactly_once")
    yield engine
    engine.tasks.close_all()


def test_the_guarantee_decides_how_it_commits(engine: Engine, tmp_path: Path) -> None:
    assert isinstance(engine.ledger, TransactionalLedger)
    assert isinstance(engine_of(tmp_path, broker="embedded", guarantee="at_least_once").ledger, AcknowledgedLedger)


def test_it_is_in_touch_for_a_session_timeout(engine: Engine) -> None:
    assert engine.in_touch
    engine.app.consumer.last_contact -= 7
    assert not engine.in_touch


def plan_of(*active: TaskId) -> Plan:
    return Plan([Seat("http://a", "w", frozenset(active))], 0)


async def test_what_stays_goes_on_and_what_is_lost_is_given_up(engine: Engine) -> None:
    stays, goes = (engine.tasks.open(TaskId("inventory", number)) for number in range(2))
    for task in (stays, goes):
        task.promote()
        put_stock(unit(task, 0, [movement("e0")]))
    await engine.move()
    assert (engine.moving, len(engine.tasks.active())) == (True, 2)
    engine.refusals._beyond = {stays.id: {}, goes.id: {}}
    now = Membership(7, "m", None)
    engine.moved(now, plan_of(stays.id), kept=True)
    assert (engine.moving, engine.tasks.active(), engine.ledger.membership) == (False, [stays], now)
    assert (stays.reached("inventory-events").next_offset, goes.reached("inventory-events").next_offset) == (1, 0)
    assert engine.app.tables.recovery.calls == [("moved", plan_of(stays.id))]
    assert engine.refusals._beyond.keys() == {stays.id}


def test_what_another_may_have_owned_in_between_is_given_up_too(engine: Engine) -> None:
    task = engine.tasks.open(TaskId("inventory", 0))
    task.promote()
    put_stock(unit(task, 0, [movement("e0")]))
    engine.moved(Membership(9, "m", None), plan_of(task.id), kept=False)
    assert (engine.tasks.active(), task.reached("inventory-events").next_offset) == ([], 0)


async def test_where_no_generation_fences_all_is_committed_before_the_group_moves(tmp_path: Path) -> None:
    engine = engine_of(tmp_path, broker="embedded", guarantee="at_least_once")
    held: list[float] = []

    async def hold(timeout_s: float) -> None:
        held.append(timeout_s)

    engine.committer.hold = hold  # type: ignore[method-assign]
    await engine.move()
    assert len(held) == 1


async def test_before_it_ends_all_is_committed_and_nothing_is_active(engine: Engine) -> None:
    task = engine.tasks.open(TaskId("inventory", 0))
    task.promote()
    put_stock(unit(task, 0, [movement("e0")]))

    async def acknowledged(taken: Any) -> dict[TaskId, int]:
        return {task.id: 9 for task, _ in taken}

    engine.ledger.commit = acknowledged  # type: ignore[method-assign]
    await engine.release()
    assert (task.role, task.positions, task.store.changelog_offset) == ("standby", {"inventory-events": 1}, 9)
    assert engine.app.tables.recovery.calls == [("hold",)]
    assert ("consumed", "inventory-events", 1) in engine.observer.calls


def test_a_reset_forgets_and_a_restore_is_asked_for(engine: Engine) -> None:
    task = engine.tasks.open(TaskId("inventory", 0))
    task.promote()
    put_stock(unit(task, 0, [movement("e0")]))
    commit(task)
    put_stock(unit(task, 1, [movement("e1")]))
    engine.reset([task])
    engine.restore_again()
    assert (task.ready, task.reached("inventory-events").next_offset) == (False, 1)
    assert engine.app.tables.recovery.calls == [("again",)]


def test_what_a_commit_made_true_is_told(engine: Engine) -> None:
    pending = Pending()
    pending.rows[b"p1"] = b"row"
    pending.bytes = 5
    counts = pending.counts
    counts.applied["payment-events", "COMPLETED"] = 2
    counts.ignored["payment-events", "lower-rank"] = 0
    counts.duplicates["payment-events"] = 1
    counts.timestamps = [5]
    engine.report([pending], 0.25)
    told = [call[:-1] if call[0] == "queryable" else call for call in engine.observer.calls]
    assert told == [
        ("committed", 0.25),
        ("sent", 2, 1, 5),
        ("queryable", [5]),
        ("applied", "payment-events", "COMPLETED", 2),
        ("duplicates", "payment-events", 1),
    ]
