"""One payment: which events raise it, and when it counts as completed."""

from enum import Enum
from typing import Final, Literal, NamedTuple

from app.domain.ignored import Ignored
from schemas.payments import PaymentCompleted, PaymentEvent

RANK = {"AUTHORIZED": 1, "FAILED": 2, "COMPLETED": 3, "REFUNDED": 4}


class Payment(NamedTuple):
    """The last accepted event of a payment; amount_minor in minor units, updated_at is its occurredAt in epoch ms."""

    booking_id: str
    status: str
    amount_minor: int
    currency: str
    method: str
    updated_at: int


class Unmatched(Enum):
    """A refund of what is not completed: it may match later."""

    REFUND = "unmatched-refund"


UNMATCHED: Final = Unmatched.REFUND


def decide(payment: Payment | None, event: PaymentEvent) -> Payment | Ignored | Literal[Unmatched.REFUND]:
    """The payment after one of its events, why that changes nothing, or UNMATCHED for a refund to be tried again."""
    status = payment.status if payment is not None else None
    if event.status == "REFUNDED" and status not in ("COMPLETED", "REFUNDED"):
        return UNMATCHED
    if status is not None and RANK[event.status] <= RANK[status]:
        return Ignored.LOWER_RANK
    return Payment(event.booking_id, event.status, event.amount_minor, event.currency, event.method, event.occurred_at)


def completed(before: Payment | None, after: Payment, payment_id: str) -> PaymentCompleted | None:
    """The record to send when the payment has just entered COMPLETED."""
    if after.status != "COMPLETED" or (before is not None and before.status == "COMPLETED"):
        return None
    return PaymentCompleted(
        payment_id, after.booking_id, after.amount_minor, after.currency, after.method, after.updated_at
    )
