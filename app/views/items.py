"""/v1/items: one item's stock over all stores."""

from operator import itemgetter
from typing import Any

from aiohttp import web
from typing_extensions import TypedDict

from app.engine.group import INVENTORY
from app.views.as_of import AsOf
from app.views.parameters import Query, path_id
from app.views.parts import Part, Question, scanned
from app.views.worker import Task
from tables.stock import stock, stores


class StoreOfItem(TypedDict):
    """What one store has of the item."""

    storeId: str
    onHand: int


class ItemAnswer(TypedDict):
    """The item's stores by storeId, and the sum of what they have."""

    itemId: str
    total: int
    stores: list[StoreOfItem]
    asOf: list[AsOf]


def item(request: web.Request) -> Question:
    """An item's stock in every store; an unknown item has none."""
    item_id = path_id(request, "itemId")
    Query(request)

    async def read(task: Task) -> list[StoreOfItem]:
        found: list[StoreOfItem] = []
        async for chunk in scanned(task, stores, *stores.prefix(), asked_by="itemId"):
            for key, _ in chunk:
                store_id = str(stores.parts(key)[0])
                row = task.read(stock, stock.key(store_id, item_id))
                if row is not None:
                    found.append({"storeId": store_id, "onHand": row.on_hand})
        return found

    def merge(parts: list[Part]) -> dict[str, Any]:
        found = sorted((store for part in parts for store in part.rows), key=itemgetter("storeId"))
        return {"itemId": item_id, "total": sum(store["onHand"] for store in found), "stores": found}

    return Question(INVENTORY, range(INVENTORY.partitions), read, merge, by_index=True)
