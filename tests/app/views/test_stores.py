from typing import Any

import pytest

from app.domain.stock import StockRow

ROW = StockRow(-2, 1_000, 3, True, 2_000, 1_500, 7, 1, 2, 3, 4, -5, 6)


async def test_an_item_has_exactly_the_members_of_the_contract(one: Any) -> None:
    one.put_stock("s1", "sku", ROW)
    answer = await one.get("/v1/stores/s1/stock/sku")
    assert answer.status == 200
    body = answer.json
    as_of = body.pop("asOf")
    assert body == {
        "itemId": "sku", "onHand": -2, "countedAt": 1_000, "variance": 3, "recount": True, "lastEventAt": 2_000,
        "lastSoldAt": 1_500, "sold": 7, "returned": 1, "received": 2, "transferredIn": 3, "transferredOut": 4,
        "adjusted": -5, "lateMovements": 6,
    }  # fmt: skip
    place = one.place("inventory", "s1")
    assert as_of == [{"topic": "inventory-events", "partition": place, "role": "active", "lag": 0}]


async def test_what_never_happened_is_null(one: Any) -> None:
    one.put_stock("s1", "sku", StockRow(on_hand=4))
    body = (await one.get("/v1/stores/s1/stock/sku")).json
    assert [body[name] for name in ("countedAt", "variance", "lastEventAt", "lastSoldAt")] == [None] * 4
    assert body["recount"] is False


async def test_an_unknown_item_is_404_with_as_of(one: Any) -> None:
    one.put_stock("s1", "sku", ROW)
    answer = await one.get("/v1/stores/s1/stock/other")
    assert answer.status == 404
    assert answer.problem["asOf"][0]["role"] == "active"


async def test_an_unknown_store_has_no_items(one: Any) -> None:
    answer = await one.get("/v1/stores/nowhere/stock")
    assert answer.status == 200
    assert {name: answer.json[name] for name in ("storeId", "items", "next")} == {
        "storeId": "nowhere",
        "items": [],
        "next": None,
    }


async def test_pages_hold_every_item_once_in_order(one: Any) -> None:
    items = sorted(f"item-{n}" for n in range(250))
    for item in items:
        one.put_stock("s1", item, StockRow(on_hand=50))
    one.put_stock("s1x", "other-store", StockRow())
    seen: list[str] = []
    after, pages = "", 0
    while True:
        page = (await one.get(f"/v1/stores/s1/stock?limit=100{after}")).json
        seen += [row["itemId"] for row in page["items"]]
        pages += 1
        if page["next"] is None:
            break
        assert page["next"] == page["items"][-1]["itemId"]
        after = f"&after={page['next']}"
    assert seen == items
    assert pages == 3


async def test_a_page_that_ends_exactly_has_no_next(one: Any) -> None:
    for n in range(3):
        one.put_stock("s1", f"i{n}", StockRow())
    assert (await one.get("/v1/stores/s1/stock?limit=3")).json["next"] is None
    assert (await one.get("/v1/stores/s1/stock?limit=2")).json["next"] == "i1"
    assert (await one.get("/v1/stores/s1/stock?limit=2&after=i1")).json["items"][0]["itemId"] == "i2"


async def test_after_need_not_exist(one: Any) -> None:
    one.put_stock("s1", "b", StockRow())
    page = (await one.get("/v1/stores/s1/stock?after=a")).json
    assert [row["itemId"] for row in page["items"]] == ["b"]


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("a/b", "a%2Fb"), ("a/b", "a%2fb"), ("a%2Fb", "a%252Fb"), ("a{b}", "a%7Bb%7D"), ("ä☃", "%C3%A4%E2%98%83"),
        ("a b+c", "a%20b+c"), ("a\0b", "a%00b"), ("a\nb", "a%0Ab"), ("?#&", "%3F%23%26"), ("..", "%2E%2E"),
    ],
)  # fmt: skip
async def test_ids_may_hold_anything(one: Any, text: str, encoded: str) -> None:
    one.put_stock(text, text, ROW)
    assert (await one.get(f"/v1/stores/{encoded}/stock/{encoded}")).json["itemId"] == text
    page = (await one.get(f"/v1/stores/{encoded}/stock")).json
    assert page["storeId"] == text
    assert [row["itemId"] for row in page["items"]] == [text]
