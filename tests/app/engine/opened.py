"""Real tasks on disk for tests: opened, fed units, and committed as the committer does it, without a broker."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from app.domain.stock import decide
from app.engine.cache import RowCache
from app.engine.group import GROUP_BY_NAME
from app.engine.task import Task
from app.engine.unit import Read, Unit
from schemas.inventory import InventoryEvent
from tables.availability import availability
from tables.bookings import bookings
from tables.payments import payments
from tables.stock import stock
from tables.windows import ALL

NOW = 1_750_000_000_000
SOURCE = "inventory-events"
TABLES = (stock, availability, bookings, payments, *(table for each in ALL for table in (each.table, each.clock)))


class Record(NamedTuple):
    """A record as the consumer hands it on."""

    offset: int
    timestamp: int = NOW
    key: bytes | None = b"k"
    value: bytes | None = b"v"


def opened(directory: Path, group: str = "inventory", partition: int = 0) -> Task:
    """An empty active task in a directory of its own."""
    tables = [table for table in TABLES if table.group == group]
    task = Task(GROUP_BY_NAME[group], partition, directory, tables=tables, cache=RowCache(1_000))
    task.promote()
    return task


def movement(event_id: str, kind: str = "RECEIPT", quantity: int = 1, **changed: Any) -> InventoryEvent:
    """An event of store S and item I."""
    event = InventoryEvent(event_id, "STORE", "S", "I", kind, quantity, NOW, None, None, None, None)
    return event._replace(**changed)


def unit(task: Task, start: int, decoded: Sequence[Any], *, topic: str = SOURCE, times: Sequence[int] = ()) -> Unit:
    """A unit of records from offset start on, one for each decoded event; times are the records' timestamps."""
    at = times or [NOW] * len(decoded)
    records = [Record(start + n, at[n]) for n in range(len(decoded))]
    return Unit(task, Read(topic, start, start + len(decoded), records, decoded), lambda: None)


def commit(task: Task) -> list[tuple[bytes, bytes | None]]:
    """What is pending, as the changelog gets it, and then the disk."""
    records = task.take_pending().records()
    task.write_committed(task.store.changelog_offset + len(records) + 1)
    return records


def on_disk(task: Task) -> dict[bytes, bytes]:
    """Everything in the store but how far it has come in its changelog."""
    return {key: value for key, value in task.store.scan(b"\0", b"\xff") if not key.startswith(b"\x02")}


def put_stock(unit: Unit) -> list[str]:
    """Decides store events into stock, as agents/inventory.py does; answers the ids of those it was given."""
    rows, given = unit.rows(stock), []
    for event in unit.events():
        key = stock.key(event.location_id, event.item_id)
        rows.settle(key, decide(rows.get(key), event.event_type, event.quantity, event.occurred_at), event.event_type)
        given.append(event.event_id)
    return given
