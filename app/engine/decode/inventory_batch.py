"""Inventory events of a batch: columns to the rules and to events."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.domain.availability import HOTEL_EVENTS
from app.domain.poison import END_DAY, MAX_HOTEL_NIGHTS, MAX_QUANTITY
from app.domain.stock import STORE_EVENTS
from app.engine.decode.batch_rules import ids_good, keyed, made, times_good
from app.engine.decode.columns import Batch
from app.engine.decode.cursor import Ints, Mask
from app.engine.decode.movements import KINDS, Columns, Movements
from app.engine.decode.shape import parse
from schemas.bundled import BUNDLED, INVENTORY_EVENT
from schemas.inventory import InventoryEvent

EVENT_ID, LOCATION_TYPE, LOCATION_ID, ITEM_ID, EVENT_TYPE, QUANTITY, OCCURRED_AT, STAY_FROM, STAY_TO = range(9)

_READER = parse(BUNDLED[INVENTORY_EVENT])
_LOCATIONS = _READER.fields[LOCATION_TYPE].shape.symbols
_HOTEL = _LOCATIONS.index("HOTEL")
_ADJUSTMENT = KINDS.index("ADJUSTMENT")
_OF_LOCATION = {"STORE": STORE_EVENTS, "HOTEL": HOTEL_EVENTS}
_FITS = np.array([[each in _OF_LOCATION[location] for each in KINDS] for location in _LOCATIONS])


def inventory_good(batch: Batch, timestamps: Ints) -> Mask:
    """Which records keep the rules on values; timestamps are the records', epoch ms."""
    location, kind = batch.column(LOCATION_TYPE).numbers, batch.column(EVENT_TYPE).numbers
    quantity = batch.column(QUANTITY).numbers
    good = ids_good(batch, EVENT_ID, LOCATION_ID, ITEM_ID)
    good &= times_good(batch.column(OCCURRED_AT).numbers, timestamps)
    good &= _FITS[location, kind]
    good &= (quantity <= MAX_QUANTITY) & ((quantity >= 0) | ((kind == _ADJUSTMENT) & (quantity >= -MAX_QUANTITY)))
    hotel = location == _HOTEL
    return good & (~hotel | _stays_good(batch)) if hotel.any() else good


def inventory_made(
    batch: Batch, keys: Sequence[bytes | None], timestamps: Ints
) -> Movements | list[InventoryEvent | None]:
    """One event a record; None where it has to be read by itself. Of stores alone: in columns, where nothing is odd."""

    def made_events() -> list[Any]:
        columns: list[Any] = [batch.values(index) for index in range(len(InventoryEvent._fields))]
        columns[LOCATION_ID] = keyed(columns[LOCATION_ID], keys)
        return made(InventoryEvent, columns, batch.unused_values())

    columns = _movements(batch, keys, timestamps)
    return made_events() if columns is None else Movements(columns, made_events)


def _movements(batch: Batch, keys: Sequence[bytes | None], timestamps: Ints) -> Columns | None:
    """Columns of movements; None where some are none, or where a text or key is not as it mostly is."""
    if (batch.column(LOCATION_TYPE).numbers == _HOTEL).any():
        return None
    ids, stores, items = (batch.parts(batch.column(index)) for index in (EVENT_ID, LOCATION_ID, ITEM_ID))
    others = [column for column in (*batch.columns[STAY_TO + 1 :], *batch.unused) if column and column.is_text]
    texts = [ids, stores, items, *map(batch.parts, others)]
    if stores != keys or not all(b"".join(parts).isascii() for parts in texts):
        return None
    codes, quantities, times = (batch.column(index).numbers for index in (EVENT_TYPE, QUANTITY, OCCURRED_AT))
    return Columns(ids, stores, items, codes=codes, quantities=quantities, times=times, timestamps=timestamps)


def _stays_good(batch: Batch) -> Mask:
    first, last = batch.columns[STAY_FROM], batch.columns[STAY_TO]
    if first is None or last is None:
        return np.zeros(len(batch.column(EVENT_TYPE).numbers), np.bool_)
    nights = last.numbers - first.numbers
    good: Mask = (nights > 0) & (nights <= MAX_HOTEL_NIGHTS) & (first.numbers >= 0) & (last.numbers <= END_DAY)
    for column in (first, last):
        if column.present is not None:
            good &= column.present
    return good
