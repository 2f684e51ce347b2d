"""stock: what each store holds of each item; writer agents/inventory.py."""

import struct

from app.application import app
from app.domain.stock import StockRow
from app.engine.group import INVENTORY
from app.engine.keys import KeyFormat, text_pair_packer
from app.engine.table import Index, RowFormat, RowTable

_NONE = -(1 << 63)
_row = struct.Struct("<qqq?qqqqqqqqq")
_NO_CHANGE: tuple[tuple[bytes, bool], ...] = ()

LOW_STOCK_MAX = app.settings.low_stock_max

stores_of_item = Index(
    "stores-of-item", INVENTORY.name, KeyFormat(b"\xf1", (str, str)), "item, store: where an item is known"
)
low_stock = Index(
    "low-stock", INVENTORY.name, KeyFormat(b"\xf2", (int, str, str)), "on hand, store, item: rows at or under LOW_STOCK_MAX"
)


def encode(row: StockRow) -> bytes:
    """97 bytes, little-endian; a missing number is the smallest one."""
    on_hand, counted, variance, recount, event, sold_at, *totals = row
    return _row.pack(
        on_hand,
        _NONE if counted is None else counted,
        _NONE if variance is None else variance,
        recount,
        _NONE if event is None else event,
        _NONE if sold_at is None else sold_at,
        *totals,
    )


def decode(value: bytes) -> StockRow:
    """The row that encode was given."""
    on_hand, counted, variance, recount, event, sold_at, *totals = _row.unpack(value)
    return StockRow(
        on_hand,
        None if counted == _NONE else counted,
        None if variance == _NONE else variance,
        recount,
        None if event == _NONE else event,
        None if sold_at == _NONE else sold_at,
        *totals,
    )


def reindex(key: bytes, before: StockRow | None, after: StockRow) -> tuple[tuple[bytes, bool], ...]:
    """Entries of a changed row: its item's, once, and its place among the low ones."""
    held = after.on_hand
    if before is not None:
        was = before.on_hand
        if was == held or (was > LOW_STOCK_MAX and held > LOW_STOCK_MAX):
            return _NO_CHANGE
    store, item = stock.parts(key)
    changes: tuple[tuple[bytes, bool], ...] = ()
    if before is None:
        changes = ((stores_of_item.key(item, store), True),)
    elif was <= LOW_STOCK_MAX:
        changes = ((low_stock.key(was, store, item), False),)
    if held <= LOW_STOCK_MAX:
        changes = (*changes, (low_stock.key(held, store, item), True))
    return changes


_STOCK_KEY = KeyFormat(b"s", (str, str))

stock: RowTable[StockRow] = app.Table(
    "stock",
    group=INVENTORY.name,
    format=_STOCK_KEY,
    rows=RowFormat(encode, decode, reindex, (stores_of_item, low_stock)),
    partitions=INVENTORY.partitions,
    changelog_topic=app.changelog_topic(INVENTORY),
    help="What each store holds of each item.",
)
stock.key = text_pair_packer(b"s")
