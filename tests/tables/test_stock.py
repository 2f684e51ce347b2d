import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.domain.stock import StockRow
from app.engine.decode.movements import Columns, Movements
from tables.stock import LOW_STOCK_MAX, low_stock, reindex, stock, stock_keys, store_entries, stores

IDS = st.text(st.characters(exclude_categories=["Cs"]) | st.just("\0"), min_size=1, max_size=5)


@given(store=IDS, item=IDS)
def test_a_new_row_enters_its_store_into_the_index(store: str, item: str) -> None:
    key = stock.key(store, item)
    assert stock.parts(key) == (store, item)
    assert reindex([key], [None], [StockRow()]) == {stores.key(store): True}
    assert stores.parts(stores.key(store)) == (store,)
    assert reindex([key], [StockRow()], [StockRow(on_hand=5)]) == {}


@given(store=IDS, item=IDS, other=IDS)
def test_a_store_s_rows_lie_together(store: str, item: str, other: str) -> None:
    start, stop = stock.prefix(store)
    assert start <= stock.key(store, item) < stop
    assert (start <= stock.key(other, item) < stop) == (other == store)


def test_rows_are_ranked_by_what_is_on_hand() -> None:
    assert low_stock.score(StockRow(on_hand=-3)) == -3
    assert low_stock.ceiling == LOW_STOCK_MAX
    assert stock.ranking is low_stock
    assert low_stock.key(-1, "S", "I") < low_stock.key(0, "A", "A")


@given(st.lists(st.tuples(IDS, IDS), min_size=1, max_size=5))
def test_keys_and_entries_of_many(pairs: list[tuple[str, str]]) -> None:
    places, items = ([part.encode() for part in column] for column in zip(*pairs, strict=True))
    none = np.zeros(len(pairs), np.int64)
    movements = Movements(Columns([], places, items, none, none, none, none), list)
    assert stock_keys(movements) == [stock.key(*pair) for pair in pairs]
    assert store_entries(movements) == {stores.key(store): True for store, _ in pairs}
