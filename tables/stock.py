"""stock: what each store holds of each item; writer agents/inventory.py."""

from operator import attrgetter

from app.application import app
from app.domain.stock import StockRow
from app.engine.group import INVENTORY
from app.engine.keys import KeyFormat, text_pair_packer
from app.engine.ranking import Ranking
from app.engine.table import Index, RowFormat, RowTable

LOW_STOCK_MAX = app.settings.low_stock_max

stores_of_item = Index(
    "stores-of-item", INVENTORY.name, KeyFormat(b"\xf1", (str, str)), "item, store: where an item is known"
)
low_stock = Ranking(
    "low-stock",
    INVENTORY.name,
    KeyFormat(b"\xf2", (int, str, str)),
    attrgetter("on_hand"),
    LOW_STOCK_MAX,
    "on hand, store, item: the lowest rows at or under LOW_STOCK_MAX",
)


def reindex(key: bytes, before: StockRow | None, _after: StockRow) -> tuple[tuple[bytes, bool], ...]:
    """The entry of a new row's item, its bytes taken from the row's key."""
    if before is not None:
        return ()
    store, item = key[1:].split(b"\0\0", 1)
    return ((b"\xf1" + item + b"\0\0" + store, True),)


_STOCK_KEY = KeyFormat(b"s", (str, str))

stock: RowTable[StockRow] = app.Table(
    "stock",
    group=INVENTORY.name,
    format=_STOCK_KEY,
    rows=RowFormat(StockRow, reindex, (stores_of_item,), ranking=low_stock),
    partitions=INVENTORY.partitions,
    changelog_topic=app.changelog_topic(INVENTORY),
    help="What each store holds of each item.",
)
stock.key = text_pair_packer(b"s")  # type: ignore[assignment]
