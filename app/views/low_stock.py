"""/v1/low-stock: what is about to run out, over all stores."""

from typing import Any

from aiohttp import web
from typing_extensions import TypedDict

from app.engine.group import INVENTORY
from app.views.as_of import AsOf
from app.views.parameters import Query
from app.views.parts import Part, Question
from app.views.worker import WORKER, Task
from tables.stock import low_stock

_LOWEST = -(10**14)


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
    threshold = query.number("threshold", _LOWEST, request.app[WORKER].settings.low_stock_max)
    limit = query.limit()
    start, stop = low_stock.prefix()[0], low_stock.prefix(threshold)[1]

    async def read(task: Task) -> list[list[Any]]:
        return [list(low_stock.parts(key)) for key, _ in task.scan(low_stock, start, stop, limit)]

    def merge(parts: list[Part]) -> dict[str, Any]:
        lowest = sorted(row for part in parts for row in part.rows)[:limit]
        return {"items": [LowStockRow(storeId=store, itemId=item, onHand=on_hand) for on_hand, store, item in lowest]}

    return Question(INVENTORY, range(INVENTORY.partitions), read, merge)
