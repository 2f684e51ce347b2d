"""stock: what each store holds of each item; writer agents/inventory.py."""

from app.application import app
from app.domain.stock import StockRow
from app.engine.group import INVENTORY
from app.engine.keys import KeyFormat, packed_number, text_pair_packer
from app.engine.table import Index, RowFormat, RowTable

_NO_CHANGE: tuple[tuple[bytes, bool], ...] = ()

LOW_STOCK_MAX = app.settings.low_stock_max

stores_of_item = Index(
    "stores-of-item", INVENTORY.name, KeyFormat(b"\xf1", (str, str)), "item, store: where an item is known"
)
low_stock = Index(
    "low-stock", INVENTORY.name, KeyFormat(b"\xf2", (int, str, str)), "on hand, store, item: rows at or under LOW_STOCK_MAX"
)


def reindex(key: bytes, before: StockRow | None, after: StockRow) -> tuple[tuple[bytes, bool], ...]:
    """Entries of a changed row: its item's, once, and its place among the low ones.

    The row's key holds both parts as the entries' keys need them, so the bytes are put together without unpacking.
    """
    held = after.on_hand
    if before is not None:
        was = before.on_hand
        if was == held or (was > LOW_STOCK_MAX and held > LOW_STOCK_MAX):
            return _NO_CHANGE
    place = key[1:]
    changes: tuple[tuple[bytes, bool], ...] = ()
    if before is None:
        store, item = place.split(b"\0\0", 1)
        changes = ((b"\xf1" + item + b"\0\0" + store, True),)
    elif was <= LOW_STOCK_MAX:
        changes = ((b"\xf2" + packed_number(was) + place, False),)
    if held <= LOW_STOCK_MAX:
        changes = (*changes, (b"\xf2" + packed_number(held) + place, True))
    return changes


_STOCK_KEY = KeyFormat(b"s", (str, str))

stock: RowTable[StockRow] = app.Table(
    "stock",
    group=INVENTORY.name,
    format=_STOCK_KEY,
    rows=RowFormat(StockRow, reindex, (stores_of_item, low_stock)),
    partitions=INVENTORY.partitions,
    changelog_topic=app.changelog_topic(INVENTORY),
    help="What each store holds of each item.",
)
stock.key = text_pair_packer(b"s")
