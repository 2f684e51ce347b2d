from typing import Any

import pytest

from app.domain.stock import StockRow


async def test_the_lowest_of_all_workers_come_first(three: Any) -> None:
    for n in range(90):
        three.put_stock(f"store-{n % 30}", f"item-{n:02}", StockRow(on_hand=n - 45))
    answer = await three.get("/v1/low-stock?threshold=-3&limit=10", at=1)
    assert answer.status == 200
    assert [row["onHand"] for row in answer.json["items"]] == list(range(-45, -35))
    assert answer.json["items"][0] == {"storeId": "store-0", "itemId": "item-00", "onHand": -45}
    assert len(answer.json["asOf"]) == 24


async def test_the_threshold_is_included(one: Any) -> None:
    one.put_stock("s", "at", StockRow(on_hand=5))
    one.put_stock("s", "above", StockRow(on_hand=6))
    body = (await one.get("/v1/low-stock?threshold=5")).json
    assert [row["itemId"] for row in body["items"]] == ["at"]


async def test_equals_are_ordered_by_store_and_item(one: Any) -> None:
    for store, item in (("b", "1"), ("a", "2"), ("a", "1")):
        one.put_stock(store, item, StockRow(on_hand=0))
    body = (await one.get("/v1/low-stock?threshold=0")).json
    assert [(row["storeId"], row["itemId"]) for row in body["items"]] == [("a", "1"), ("a", "2"), ("b", "1")]


@pytest.mark.parametrize("query", ["threshold=21", "threshold=x", "threshold=", "", "threshold=1&limit=0"])
async def test_refused_thresholds(one: Any, query: str) -> None:
    answer = await one.get(f"/v1/low-stock?{query}")
    assert answer.status == 400
    assert answer.problem["parameter"] in ("threshold", "limit")
