"""inventory-events -> stock and sales (stores), availability (hotels)."""

from collections.abc import AsyncIterator

from app.application import app
from app.domain import availability as rooms
from app.domain import stock as shelf
from app.domain.ignored import Ignored
from app.engine.rows import Rows
from app.engine.unit import Unit
from app.topics import inventory_events
from schemas.inventory import InventoryEvent
from tables.availability import availability
from tables.stock import stock, stock_keys, store_entries
from tables.windows import sales


@app.agent(inventory_events)
async def inventory(units: AsyncIterator[Unit]) -> None:
    """Stock movements and counts of stores, allotments and closures of hotels."""
    async for unit in units:
        shelves, nights, noted = unit.rows(stock), unit.rows(availability), unit.windows(sales)
        for movements in unit.batches():
            shelves.reindexed(store_entries(movements))
            ignored = shelves.settle_all(stock_keys(movements), shelf.decide, movements, firsts=shelf.first_rows)
            noted.events = movements.sales(ignored)
        for event in unit.events():
            if event.location_type == "STORE":
                key = stock.key(event.location_id, event.item_id)
                row = shelf.decide(shelves.get(key), event.event_type, event.quantity, event.occurred_at)
                taken = shelves.settle(key, row, event.event_type)
            else:
                taken = settle_nights(unit, nights, event)
            if taken:
                noted.add(event)


def settle_nights(unit: Unit, nights: Rows[rooms.Night], event: InventoryEvent) -> bool:
    """Decide each night an event covers; it is ignored where no night takes it. True where one did."""
    taken = 0
    for night in range(event.stay_from or 0, event.stay_to or 0):
        key = availability.key(event.location_id, night, event.item_id)
        decided = rooms.decide(nights.get(key), event)
        if not isinstance(decided, Ignored):
            nights.put(key, decided)
            taken += 1
    if taken:
        unit.applied(event.event_type)
    else:
        unit.ignored(Ignored.STALE_ALLOTMENT)
    return taken > 0
