"""/v1/payments: one payment."""

from typing import Any

from aiohttp import web
from typing_extensions import TypedDict

from app.domain.payments import Payment
from app.engine.group import PAYMENTS
from app.engine.partitioner import partition_of
from app.views.as_of import AsOf
from app.views.fields import EpochMs, PaymentStatus
from app.views.parameters import Query, path_id
from app.views.parts import Part, Question
from app.views.responses import Problem
from app.views.worker import Task
from tables.payments import payments


class PaymentRow(TypedDict):
    """A payment as its last accepted event left it; the amount in minor units, updatedAt in epoch ms."""

    paymentId: str
    bookingId: str
    status: PaymentStatus
    amountMinor: int
    currency: str
    method: str
    updatedAt: EpochMs


class PaymentAnswer(PaymentRow):
    """A payment, and how far behind its sources the answer may be."""

    asOf: list[AsOf]


def payment(request: web.Request) -> Question:
    """A payment, or 404."""
    payment_id = path_id(request, "paymentId")
    Query(request)

    async def read(task: Task) -> PaymentRow | None:
        row = task.read(payments, payments.key(payment_id))
        return None if row is None else _shown(payment_id, row)

    def merge(parts: list[Part]) -> dict[str, Any]:
        if parts[0].rows is None:
            raise Problem(404, "there is no such payment")
        return dict(parts[0].rows)

    return Question(PAYMENTS, (partition_of(payment_id.encode(), PAYMENTS.partitions),), read, merge)


def _shown(payment_id: str, row: Payment) -> PaymentRow:
    return {
        "paymentId": payment_id,
        "bookingId": row.booking_id,
        "status": row.status,
        "amountMinor": row.amount_minor,
        "currency": row.currency,
        "method": row.method,
        "updatedAt": row.updated_at,
    }
