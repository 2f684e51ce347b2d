import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from app.engine.group import PAYMENTS
from app.engine.store_failure import StoreDamaged
from app.views import parts
from app.views.parts import Part, Question, parts_here, scanned
from app.views.responses import Problem


def question(read: Any) -> Question:
    return Question(PAYMENTS, (0,), read, lambda _parts: {})


async def value(task: Any) -> str:
    return str(task.group)


async def here(fleet: Any, read: Any = value) -> Any:
    return (await parts_here(fleet.workers[0], question(read), [0]))[0]


async def test_a_copy_says_role_lag_and_rows(one: Any) -> None:
    worker = one.workers[0]
    worker.end_offsets["payment-events", 0] = 12
    worker.tasks["payments", 0].positions = {"payment-events": 10}
    part = await here(one)
    assert part == Part(0, "active", part.lags, 10, "payments")
    assert part.lags["payment-events"] == 2
    worker.tasks["payments", 0].role = "standby"
    assert (await here(one)).role == "standby"


async def test_out_of_touch_is_not_active_and_not_sure(one: Any) -> None:
    one.workers[0].in_touch = False
    assert (await here(one))[1::4] == ("standby", False)


async def test_while_the_group_moves_nobody_is_active(one: Any) -> None:
    async def read(_task: Any) -> str:
        one.workers[0].moving = True
        return "another may be active by now"

    assert (await here(one, read))[1::4] == ("standby", True)


async def test_touch_is_looked_at_after_the_rows(one: Any) -> None:
    async def read(_task: Any) -> str:
        one.workers[0].in_touch = False
        return "read in time, or not: nobody knows"

    assert (await here(one, read)).role == "standby"


async def test_reasons_for_no_part(one: Any) -> None:
    worker = one.workers[0]

    async def lose(_task: Any) -> None:
        del worker.tasks["payments", 0]
        raise RuntimeError("the store is closed")

    async def fail(_task: Any) -> None:
        raise RuntimeError("a broken file")

    async def find_damage(_task: Any) -> None:
        raise StoreDamaged("block checksum mismatch")

    async def get_another_store(task: Any) -> str:
        task.store = SimpleNamespace(indexed=True)
        return "read from two stores"

    with pytest.raises(RuntimeError):
        await here(one, fail)
    assert await here(one, find_damage) == parts.RESTORING
    assert await here(one, get_another_store) == parts.LOST
    assert await here(one, lose) == parts.LOST
    assert await here(one) == parts.NOT_HELD
    one.assign("payments", 0, 0)
    worker.tasks["payments", 0].ready = False
    assert await here(one) == parts.RESTORING


async def test_rows_of_one_worker_travel_together_but_not_with_those_that_are_not_sure(one: Any) -> None:
    unsure = {1}

    async def read(task: Any) -> list[int]:
        one.workers[0].in_touch = task.partition not in unsure
        return [task.partition]

    asked = Question(PAYMENTS, range(4), read, lambda _parts: {}, combine=sum_up)
    found = await parts_here(one.workers[0], asked, range(4))
    assert {n: part.rows for n, part in found.items() if isinstance(part, Part)} == {0: [0, 2, 3], 1: [1], 2: [], 3: []}


def sum_up(rows: list[list[int]]) -> list[int]:
    return sorted(each for found in rows for each in found)


async def test_a_scan_is_complete_whatever_its_steps(one: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "STEP_ROWS", 4)
    monkeypatch.setattr(parts, "TURN_SECONDS", 0.0)
    task = one.workers[0].tasks["payments", 0]
    for count in (0, 3, 4, 5, 8, 9):
        task.rows = {b"a%d" % n: n for n in range(count)} | {b"b": "behind"}
        found = [
            row for chunk in [chunk async for chunk in scanned(task, None, b"a", b"b", asked_by="to")] for row in chunk
        ]
        assert [row for _, row in found] == list(range(count))


async def test_other_work_gets_its_turn_in_a_long_scan(one: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "STEP_ROWS", 1)
    monkeypatch.setattr(parts, "TURN_SECONDS", 0.0)
    task = one.workers[0].tasks["payments", 0]
    task.rows = {b"a%d" % n: n for n in range(9)}
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    running = asyncio.ensure_future(other())
    async for _ in scanned(task, None, b"a", b"b", asked_by="to"):
        pass
    running.cancel()
    assert turns >= 8


async def test_no_part_takes_all_memory(one: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_ROWS_MAX", 300)
    task = one.workers[0].tasks["payments", 0]
    task.rows = {b"a%03d" % n: n for n in range(600)}
    with pytest.raises(Problem, match="to asks for over 300 rows of one partition"):
        async for _ in scanned(task, None, b"a", b"b", asked_by="to"):
            pass


async def test_an_index_under_way_is_no_answer_but_rows_are(one: Any) -> None:
    one.workers[0].tasks["inventory", 0].store.indexed = False
    for path in ("/v1/items/i/stock", "/v1/low-stock?threshold=1", "/v1/overbooked?from=2026-05-01&to=2026-05-02"):
        answer = await one.get(path)
        assert answer.status == 503
        assert "builds its indexes" in answer.problem["detail"]
    store = next(f"s{n}" for n in range(999) if one.place("inventory", f"s{n}") == 0)
    assert (await one.get(f"/v1/stores/{store}/stock")).status == 200
