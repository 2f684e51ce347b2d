"""/v1/low-stock: what is about to run out, over all stores."""

from typing import Any

from aiohttp import web
from typing_extensions import TypedDict

from app.engine.group import INVENTORY
from app.views.as_of import AsOf
from app.views.parameters import Query
from app.views.parts import Part, Question, first_keys
from app.views.worker import WORKER, Task
from tables.stock import low_stock

LOWEST = -(10**14)


class LowStockRow(TypedDict):
    """One item of one store."""

    storeId: str
    itemId: str
    onHand: int


class LowStock(TypedDict):
    """Items lowest first, then by store and item."""

    items: list[LowStockRow]
    asOf: list[AsOf]


def rows(request: web.Request) -> Question:
    """Items with onHand at or below the threshold; limit says how many at most."""
    query = Query(request, "threshold", "limit")
    threshold = query.number("threshold", LOWEST, request.app[WORKER].settings.low_stock_max)
    limit = query.limit()
    start, stop = low_stock.prefix()[0], low_stock.prefix(threshold)[1]
    combine = first_keys(limit)

    # The order of the index's keys is the answer's order: only what is shown has to be taken apart.
    async def read(task: Task) -> list[str]:
        return [key.hex() for key, _ in task.scan(low_stock, start, stop, limit)]

    def merge(parts: list[Part]) -> dict[str, Any]:
        return {"items": [_shown(bytes.fromhex(key)) for key in combine([part.rows for part in parts])]}

    return Question(INVENTORY, range(INVENTORY.partitions), read, merge, combine=combine, by_index=True)


def _shown(key: bytes) -> LowStockRow:
    on_hand, store_id, item_id = low_stock.parts(key)
    return {"storeId": str(store_id), "itemId": str(item_id), "onHand": int(on_hand)}
