import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from agents.inventory import inventory
from app.domain.ignored import Ignored
from app.engine.unit import Unit
from app.simulator.reference.record import LogRecord
from schemas.inventory import InventoryEvent
from tables.availability import availability
from tables.stock import stock, stores
from tables.windows import sales
from tests.agents.driven import assert_counted, cut, dead, drive, fields, letters, modelled, of, rows_of, traffic
from tests.app.engine.decode.records import in_avro
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


def store_log(count: int, seed: int) -> list[LogRecord]:
    """Avro of stores alone: counts, late ones and doubled ids among them."""
    rng, log = random.Random(seed), []
    for n in range(count):
        kind = rng.choice(("SALE", "SALE", "SALE", "RETURN", "RECEIPT", "ADJUSTMENT", "COUNT", "TRANSFER_OUT"))
        id = f"e{n if rng.random() > 0.002 else rng.randrange(n + 1)}"
        at, store = NOW + n * 400, f"store-{rng.randrange(5)}"
        past = rng.choice((0, 0, 0, 60_000, 3 * 86_400_000, 36 * 86_400_000)) if rng.random() < 0.01 else 0
        of_event = {"eventId": id, "locationId": store, "itemId": f"sku-{rng.randrange(60)}", "eventType": kind}
        record = in_avro(TOPIC, **of_event, quantity=rng.randrange(9), occurredAt=at - past - rng.randrange(60_000))
        log.append(LogRecord(TOPIC, 0, n, at, store.encode(), record.value))
    return log


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_lists_in_columns_are_those_of_the_reference(tmp_path: Path, seed: int) -> None:
    log = store_log(6_000, seed)
    model, task, ways = modelled(log), opened(tmp_path), Counter[str]()

    def seen(units: Iterable[Unit]) -> Iterator[Unit]:
        for each in units:
            ways[type(each.read.decoded).__name__] += 1
            yield each

    with patch.object(Unit, "_fresh_by_id", autospec=True, side_effect=Unit._fresh_by_id) as one_by_one:
        await drive(inventory, seen(cut(task, log, seed, most=400)))
    assert one_by_one.call_count > ways["list"]  # doubled ids, found in columns
    assert ways["Movements"] > one_by_one.call_count
    assert_counted(task, model, TOPIC)
    assert {row.recount for row in model.stock.values()} == {True, False}
    assert model.windows["sales"].late
    commit(task)
    assert rows_of(task, stock) == {key[1:]: fields(row) for key, row in model.stock.items()}
    assert {key for key, _ in task.scan(stores, b"\xf1", b"\xf2", 99)} == {stores.key(f"store-{n}") for n in range(5)}
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
