"""/v1/stores: a store's stock, page by page and item by item."""

from typing import Any

from aiohttp import web
from typing_extensions import TypedDict

from app.domain.stock import StockRow
from app.engine.group import INVENTORY
from app.engine.partitioner import partition_of
from app.views.as_of import AsOf
from app.views.fields import EpochMs
from app.views.parameters import Query, path_id
from app.views.parts import Part, Question
from app.views.responses import Problem
from app.views.worker import Task
from tables.stock import stock


class StockRowAnswer(TypedDict):
    """One item of a store; times in epoch ms."""

    itemId: str
    onHand: int
    countedAt: EpochMs | None
    variance: int | None
    recount: bool
    lastEventAt: EpochMs | None
    lastSoldAt: EpochMs | None
    sold: int
    returned: int
    received: int
    transferredIn: int
    transferredOut: int
    adjusted: int
    lateMovements: int


class StockItem(StockRowAnswer):
    """One item of a store, asked for by itself."""

    asOf: list[AsOf]


class StorePage(TypedDict):
    """Items by itemId; next goes into `after` for the following page, and is null at the end."""

    storeId: str
    items: list[StockRowAnswer]
    next: str | None
    asOf: list[AsOf]


def shown(item_id: str, row: StockRow) -> StockRowAnswer:
    """A row as the API shows it."""
    return {
        "itemId": item_id,
        "onHand": row.on_hand,
        "countedAt": row.counted_at,
        "variance": row.variance,
        "recount": row.recount,
        "lastEventAt": row.last_event_at,
        "lastSoldAt": row.last_sold_at,
        "sold": row.sold,
        "returned": row.returned,
        "received": row.received,
        "transferredIn": row.transferred_in,
        "transferredOut": row.transferred_out,
        "adjusted": row.adjusted,
        "lateMovements": row.late_movements,
    }


def page(request: web.Request) -> Question:
    """A page of a store's items; an unknown store has none."""
    store_id, query = path_id(request, "id"), Query(request, "limit", "after")
    limit, after = query.limit(), query.id("after")
    start, stop = stock.prefix(store_id)
    if after is not None:
        # The smallest key behind the last one shown.
        start = stock.key(store_id, after) + b"\0"

    async def read(task: Task) -> list[StockRowAnswer]:
        return [shown(str(stock.parts(key)[1]), row) for key, row in task.scan(stock, start, stop, limit + 1)]

    def merge(parts: list[Part]) -> dict[str, Any]:
        rows = parts[0].rows
        following = rows[limit - 1]["itemId"] if len(rows) > limit else None
        return {"storeId": store_id, "items": rows[:limit], "next": following}

    return Question(INVENTORY, _place(store_id), read, merge)


def item(request: web.Request) -> Question:
    """One item of a store, or 404."""
    store_id, item_id = path_id(request, "id"), path_id(request, "itemId")
    Query(request)

    async def read(task: Task) -> StockRowAnswer | None:
        row = task.read(stock, stock.key(store_id, item_id))
        return None if row is None else shown(item_id, row)

    def merge(parts: list[Part]) -> dict[str, Any]:
        if parts[0].rows is None:
            raise Problem(404, "this store has no such item")
        return dict(parts[0].rows)

    return Question(INVENTORY, _place(store_id), read, merge)


def _place(store_id: str) -> tuple[int, ...]:
    return (partition_of(store_id.encode(), INVENTORY.partitions),)
