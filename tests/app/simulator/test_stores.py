from random import Random

from app.simulator.reference.stock import Stock
from app.simulator.stores import MOVEMENTS, Stores


def test_rows_start_with_a_count_and_stores_move_what_they_say() -> None:
    stores = Stores(Random(1))
    rows: dict[tuple[str, str], Stock] = {}
    seen: set[str] = set()
    for number in range(20_000):
        event = stores.next(f"e{number}", number)
        row = (event["locationId"], event["itemId"])
        seen.add(event["eventType"])
        assert row in rows or event["eventType"] in ("COUNT", "TRANSFER_IN")
        assert rows.setdefault(row, Stock()).apply(event) is None
    assert seen == {*MOVEMENTS, "TRANSFER_IN"}
    left = sum(row.transferred_out for row in rows.values()) - sum(row.transferred_in for row in rows.values())
    assert 0 <= left < 50, "what leaves a store arrives at another one"
