"""payment-events -> payments -> payment-completed; refunds that come too early -> the retry topics, and back."""

from collections.abc import AsyncIterator

from app.application import app
from app.domain.measures import of_payment
from app.domain.payments import UNMATCHED, Payment, completed, decide
from app.engine.topic_specs import PAYMENT_COMPLETED
from app.engine.unit import Unit
from app.topics import payment_events
from schemas.payments import COMPLETED_SUBJECT, encode_completed
from tables.payments import payments as payments_table
from tables.windows import payment_windows


@app.agent(payment_events)
async def payments(units: AsyncIterator[Unit]) -> None:
    """Payments as they rise in rank; one record when a payment completes."""
    async for unit in units:
        rows, noted = unit.rows(payments_table), unit.windows(payment_windows)
        for event in unit.events():
            key = payments_table.key(event.payment_id)
            before = rows.get(key)
            after = decide(before, event)
            if after is UNMATCHED:
                unit.retry(UNMATCHED.value, "status: a refund needs a completed payment")
            elif rows.settle(key, after, event.status) and isinstance(after, Payment):
                noted.add(of_payment(after))
                record = completed(before, after, event.payment_id)
                if record is not None:
                    schema_id = app.registry.output_id(COMPLETED_SUBJECT)
                    unit.send(PAYMENT_COMPLETED, record.booking_id, encode_completed(record, schema_id))
