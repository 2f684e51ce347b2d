"""Rule 6: one row for each payment, and the payment-completed records."""

from dataclasses import dataclass
from typing import Any, NamedTuple

RANK = {"AUTHORIZED": 1, "FAILED": 2, "COMPLETED": 3, "REFUNDED": 4}
UNMATCHED = "unmatched-refund"


@dataclass(slots=True)
class Payment:
    """The last accepted event of a payment; amount in minor units."""

    booking_id: str
    status: str
    amount_minor: int
    currency: str
    method: str
    updated_at: int


class Completed(NamedTuple):
    """A payment-completed record; its key is the booking's id."""

    payment_id: str
    booking_id: str
    amount_minor: int
    currency: str
    method: str
    completed_at: int


def decide(before: Payment | None, event: dict[str, Any]) -> Payment | str:
    """The payment after `event`, or "lower-rank", or UNMATCHED for a refund that nothing was paid for yet."""
    known = "" if before is None else before.status
    if event["status"] == "REFUNDED" and known not in ("COMPLETED", "REFUNDED"):
        return UNMATCHED
    if RANK[event["status"]] <= RANK.get(known, 0):
        return "lower-rank"
    return row(event)


def row(event: dict[str, Any]) -> Payment:
    """The payment whose last accepted event is this one."""
    return Payment(
        booking_id=event["bookingId"],
        status=event["status"],
        amount_minor=event["amountMinor"],
        currency=event["currency"],
        method=event["method"],
        updated_at=event["occurredAt"],
    )


def completed(event: dict[str, Any]) -> Completed:
    """What a payment that enters COMPLETED by `event` writes."""
    return Completed(
        payment_id=event["paymentId"],
        booking_id=event["bookingId"],
        amount_minor=event["amountMinor"],
        currency=event["currency"],
        method=event["method"],
        completed_at=event["occurredAt"],
    )
