"""stock: what each store holds of each item; writer agents/inventory.py."""

from collections.abc import Sequence
from operator import itemgetter

from app.application import app
from app.domain.stock import StockRow, below_zero
from app.engine.decode.movements import Movements
from app.engine.group import INVENTORY
from app.engine.keys import KeyFormat, text_pair_packer
from app.engine.ranking import Ranking
from app.engine.table import Index, RowFormat, RowTable, Tally

LOW_STOCK_MAX = app.settings.low_stock_max

stores = Index("stores", INVENTORY.name, KeyFormat(b"\xf1", (str,)), "store: which stores have rows")
low_stock = Ranking(
    "low-stock",
    INVENTORY.name,
    KeyFormat(b"\xf2", (int, str, str)),
    itemgetter(StockRow._fields.index("on_hand")),
    LOW_STOCK_MAX,
    "on hand, store, item: the lowest rows at or under LOW_STOCK_MAX",
)


def reindex(keys: Sequence[bytes], before: Sequence[StockRow | None], _after: Sequence[StockRow]) -> dict[bytes, bool]:
    """The entries of new rows' stores, their bytes taken from the rows' keys."""
    found = {key[1 : key.index(b"\0\0")] for key, row in zip(keys, before, strict=True) if row is None}
    return {b"\xf1" + store: True for store in found}


negative_stock_rows = Tally("negative_stock_rows", below_zero)

_STOCK_KEY = KeyFormat(b"s", (str, str))

stock: RowTable[StockRow] = app.Table(
    "stock",
    group=INVENTORY.name,
    format=_STOCK_KEY,
    rows=RowFormat(StockRow, reindex, (stores,), ranking=low_stock, tally=negative_stock_rows),
    partitions=INVENTORY.partitions,
    changelog_topic=app.changelog_topic(INVENTORY),
    help="What each store holds of each item.",
)
stock.key = text_pair_packer(b"s")  # type: ignore[assignment]


def stock_keys(movements: Movements) -> list[bytes]:
    """The keys of the rows that events are about."""
    stores, items = movements.columns.stores, movements.columns.items
    keys = [b"s%b\0\0%b" % pair for pair in zip(stores, items, strict=True)]
    if b"".join(keys).count(b"\0") == 2 * len(keys):
        return keys
    return [_STOCK_KEY.pack(store.decode(), item.decode()) for store, item in zip(stores, items, strict=True)]


def store_entries(movements: Movements) -> dict[bytes, bool]:
    """The entries of all stores that events are about: each has a row when these are decided."""
    return {b"\xf1" + store.replace(b"\0", b"\0\xff"): True for store in set(movements.columns.stores)}
