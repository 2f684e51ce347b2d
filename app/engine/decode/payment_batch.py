"""Payment events of a batch: columns to the rules and to events."""

from collections.abc import Sequence
from typing import Any

from app.engine.decode.batch_rules import currency_good, ids_good, keyed, made, times_good
from app.engine.decode.columns import Batch
from app.engine.decode.cursor import Ints, Mask
from schemas.payments import PaymentEvent

EVENT_ID, PAYMENT_ID, BOOKING_ID, AMOUNT_MINOR, CURRENCY, METHOD, STATUS, OCCURRED_AT = range(8)


def payments_good(batch: Batch, timestamps: Ints) -> Mask:
    """Which records keep the rules on values; timestamps are the records', epoch ms."""
    good = ids_good(batch, EVENT_ID, PAYMENT_ID, BOOKING_ID) & currency_good(batch, CURRENCY)
    good &= times_good(batch.column(OCCURRED_AT).numbers, timestamps)
    return good & (batch.column(AMOUNT_MINOR).numbers >= 0)


def payments_made(batch: Batch, keys: Sequence[bytes | None], _timestamps: Ints) -> list[PaymentEvent | None]:
    """One event a record; None where it has to be read by itself."""
    columns: list[Any] = [batch.values(index) for index in range(len(PaymentEvent._fields))]
    columns[PAYMENT_ID] = keyed(columns[PAYMENT_ID], keys)
    return made(PaymentEvent, columns, batch.unused_values())
