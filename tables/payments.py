"""payments: each payment as its last accepted event left it; writer agents/payments.py."""

from app.application import app
from app.domain.payments import Payment
from app.engine.group import PAYMENTS
from app.engine.keys import KeyFormat
from app.engine.table import RowFormat, RowTable

payments: RowTable[Payment] = app.Table(
    "payments",
    group=PAYMENTS.name,
    format=KeyFormat(b"p", (str,)),
    rows=RowFormat(Payment),
    partitions=PAYMENTS.partitions,
    changelog_topic=app.changelog_topic(PAYMENTS),
    help="Each payment: status, amount, method.",
)
