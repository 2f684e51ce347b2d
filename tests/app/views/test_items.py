from typing import Any

from app.domain.stock import StockRow


async def test_an_item_is_summed_over_all_stores_of_all_workers(three: Any) -> None:
    for n in range(60):
        three.put_stock(f"store-{n}", "sku", StockRow(on_hand=n - 10))
        three.put_stock(f"store-{n}", "sku2", StockRow(on_hand=1))
    for at in range(3):
        body = (await three.get("/v1/items/sku/stock", at)).json
        assert body["itemId"] == "sku"
        assert body["total"] == sum(n - 10 for n in range(60))
        names = sorted(f"store-{n}" for n in range(60))
        assert body["stores"] == [{"storeId": name, "onHand": int(name[6:]) - 10} for name in names]
        assert [entry["partition"] for entry in body["asOf"]] == list(range(24))


async def test_an_unknown_item_is_nowhere(one: Any) -> None:
    body = (await one.get("/v1/items/nothing/stock")).json
    assert (body["total"], body["stores"]) == (0, [])


async def test_more_stores_than_one_step_reads(one: Any) -> None:
    one.workers[0].tasks["inventory", 0].rows.clear()
    for n in range(6_000):
        one.put_stock(f"store-{n}", "sku", StockRow(on_hand=1))
    body = (await one.get("/v1/items/sku/stock")).json
    assert body["total"] == len(body["stores"]) == 6_000
