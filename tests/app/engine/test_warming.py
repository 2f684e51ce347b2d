from types import SimpleNamespace
from typing import Any

from app.engine.placement import LAG_MAX
from app.engine.task import TaskId
from app.engine.warming import Warming

ID = TaskId("inventory", 1)


class Desk:
    """A changelog that ends somewhere, one copy of it, and the group."""

    def __init__(self) -> None:
        self.end, self.rejoined = 10, 0
        self.task: Any = SimpleNamespace(id=ID, ready=False, store=SimpleNamespace(changelog_offset=10))
        self.warming = Warming()

    async def ends(self, copies: list[Any]) -> dict[TaskId, int]:
        return {task.id: self.end for task in copies}

    async def rejoin(self) -> None:
        self.rejoined += 1

    async def look(self) -> int:
        self.warming._look_at = 0.0
        await self.warming.look(self, [self.task], self.rejoin)  # type: ignore[arg-type]
        return self.rejoined


async def test_the_group_is_told_once_when_all_copies_are_complete() -> None:
    desk = Desk()
    desk.warming.moved(frozenset({ID}))
    assert (await desk.look(), desk.warming.done_once) == (0, False)
    desk.task.ready = True
    assert (await desk.look(), desk.warming.done_once) == (1, True)
    assert await desk.look() == 1


async def test_a_copy_that_was_complete_and_fell_behind_is_waited_for() -> None:
    desk = Desk()
    desk.warming.moved(frozenset({ID}))
    desk.task.ready, desk.end = True, 10 + LAG_MAX
    assert (await desk.look(), desk.warming.done_once) == (0, False)
    desk.end = 11
    assert await desk.look() == 1


async def test_copies_that_are_not_open_yet_are_waited_for() -> None:
    desk = Desk()
    desk.warming.moved(frozenset({ID, TaskId("payments", 0)}))
    desk.task.ready = True
    assert (await desk.look(), desk.warming.done_once) == (0, False)


async def test_who_has_nothing_to_warm_up_is_done() -> None:
    desk = Desk()
    assert (await desk.look(), desk.warming.done_once) == (0, True)
