"""Booking events of a batch: columns to the rules and to events."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.domain.bookings import DEFAULT_ROOM_TYPE, DEFAULT_ROOMS
from app.domain.poison import DAY_MS, END_MS, MAX_BOOKING_NIGHTS, MAX_ID_CODE_POINTS, MAX_ROOMS
from app.engine.decode.batch_rules import currency_good, ids_good, key_texts, made, times_good
from app.engine.decode.columns import BROKEN, Batch, Damaged
from app.engine.decode.cursor import Ints, Mask
from schemas.bookings import BookingEvent

BOOKING_ID, CUSTOMER_ID, HOTEL_ID, CHECK_IN, CHECK_OUT, TOTAL_AMOUNT, CURRENCY, STATUS, METADATA = range(9)
EVENT_ID, ROOM_TYPE, ROOMS, OCCURRED_AT = range(9, 13)


def bookings_good(batch: Batch, timestamps: Ints) -> Mask:
    """Which records keep the rules on values; timestamps are the records', epoch ms."""
    check_in, check_out = batch.column(CHECK_IN).numbers, batch.column(CHECK_OUT).numbers
    nights = check_out // DAY_MS - check_in // DAY_MS
    amount = batch.column(TOTAL_AMOUNT).numbers
    good = ids_good(batch, BOOKING_ID, CUSTOMER_ID, HOTEL_ID) & currency_good(batch, CURRENCY)
    good &= (check_in >= 0) & (check_out < END_MS) & (nights > 0) & (nights <= MAX_BOOKING_NIGHTS)
    good &= (amount >= 0) & (amount < np.inf)
    good &= times_good(_occurred_at(batch, timestamps), timestamps)
    if batch.columns[EVENT_ID] is not None:
        good &= batch.column(EVENT_ID).lengths() <= MAX_ID_CODE_POINTS
    if batch.columns[ROOM_TYPE] is not None:
        good &= ids_good(batch, ROOM_TYPE)
    if batch.columns[ROOMS] is not None:
        rooms = batch.column(ROOMS).numbers
        good &= (rooms >= 1) & (rooms <= MAX_ROOMS)
    return good


def bookings_made(batch: Batch, keys: Sequence[bytes | None], timestamps: Ints) -> list[BookingEvent | None]:
    """One event a record; None where it has to be read by itself."""
    left_out = batch.columns[ROOM_TYPE] is None and batch.columns[ROOMS] is None
    customers: Any = batch.values(CUSTOMER_ID)
    columns = [
        batch.values(EVENT_ID, ""),
        batch.values(BOOKING_ID),
        customers,
        batch.values(HOTEL_ID),
        (batch.column(CHECK_IN).numbers // DAY_MS).tolist(),
        (batch.column(CHECK_OUT).numbers // DAY_MS).tolist(),
        *(batch.values(index) for index in (TOTAL_AMOUNT, CURRENCY, STATUS, METADATA)),
        batch.values(ROOM_TYPE, None if left_out else DEFAULT_ROOM_TYPE),
        batch.values(ROOMS, None if left_out else DEFAULT_ROOMS),
        _occurred_at(batch, timestamps).tolist(),
        _regions(key_texts(keys), customers),
    ]
    return made(BookingEvent, columns, batch.unused_values())


def _occurred_at(batch: Batch, timestamps: Ints) -> Ints:
    column = batch.columns[OCCURRED_AT]
    if column is None:
        return timestamps
    return np.where(column.numbers == 0, timestamps, column.numbers).astype(np.int64)


def _regions(keys: list[str | None], customers: list[Any]) -> list[Any]:
    """What stands behind `customerId:` in the keys; Damaged where some keys begin otherwise."""
    regions = [
        key[len(customer) + 1 :]
        if key is not None and customer is not BROKEN and key.startswith(customer + ":")
        else BROKEN
        for key, customer in zip(keys, customers, strict=True)
    ]
    return Damaged(regions) if any(region is BROKEN for region in regions) else regions
