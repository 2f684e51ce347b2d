from pathlib import Path

import pytest

from agents.inventory import inventory
from app.domain.ignored import Ignored
from schemas.inventory import InventoryEvent
from tables.availability import availability
from tables.stock import stock
from tables.windows import sales
from tests.agents.driven import assert_counted, cut, dead, drive, fields, letters, modelled, of, rows_of, traffic
from tests.app.engine.opened import NOW, commit, movement, opened, unit
from tests.app.engine.panes_held import assert_same

TOPIC = "inventory-events"


@pytest.mark.parametrize("seed", [1, 2])
async def test_tables_and_letters_are_those_of_the_reference(tmp_path: Path, seed: int) -> None:
    log = of(traffic(4_000, seed=seed), TOPIC)
    model, task = modelled(log), opened(tmp_path)
    await drive(inventory, cut(task, log, seed))
    assert_counted(task, model, TOPIC)
    assert letters(task) == dead(model) != []
    commit(task)
    assert rows_of(task, stock) == {key[1:]: fields(row) for key, row in model.stock.items()}
    assert rows_of(task, availability) == {key[1:]: fields(row) for key, row in model.nights.items()}
    assert task.positions == {TOPIC: len(log)}
    assert_same(task, model, sales)
    task.close()


async def test_an_event_counts_as_applied_where_any_night_takes_it(tmp_path: Path) -> None:
    def allotment(id: str, first: int, last: int, at: int) -> InventoryEvent:
        return InventoryEvent(id, "HOTEL", "H", "R", "ALLOTMENT", 5, at, first, last, None, None)

    task = opened(tmp_path)
    events = [allotment("a", 10, 12, NOW), allotment("b", 10, 13, NOW - 1), allotment("c", 10, 13, NOW - 2)]
    await drive(inventory, [unit(task, 0, [*events, movement("d")])])
    assert task.pending.counts.applied == {(TOPIC, "ALLOTMENT"): 2, (TOPIC, "RECEIPT"): 1}
    assert +task.pending.counts.ignored == {(TOPIC, Ignored.STALE_ALLOTMENT): 1}
    commit(task)
    assert [row.allotted_at for row in rows_of(task, availability).values()] == [NOW, NOW, NOW - 1]
    task.close()
