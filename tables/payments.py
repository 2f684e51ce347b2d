"""payments: each payment as its last accepted event left it; writer agents/payments.py."""

import orjson

from app.application import app
from app.domain.payments import Payment
from app.engine.group import PAYMENTS
from app.engine.keys import KeyFormat
from app.engine.table import RowFormat, RowTable


def encode(payment: Payment) -> bytes:
    """A JSON array of the fields."""
    return orjson.dumps(list(payment))


def decode(value: bytes) -> Payment:
    """The payment that encode was given."""
    return Payment(*orjson.loads(value))


payments: RowTable[Payment] = app.Table(
    "payments",
    group=PAYMENTS.name,
    format=KeyFormat(b"p", (str,)),
    rows=RowFormat(encode, decode),
    partitions=PAYMENTS.partitions,
    changelog_topic=app.changelog_topic(PAYMENTS),
    help="Each payment: status, amount, method.",
)
