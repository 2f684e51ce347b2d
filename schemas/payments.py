"""What happens to payments, topic payment-events, and what we say about it, topic payment-completed."""

import io
import struct
from typing import NamedTuple

from fastavro import parse_schema, schemaless_writer

from schemas.bundled import BUNDLED, PAYMENT_COMPLETED


class PaymentEvent(NamedTuple):
    """One event of a payment; amount_minor in the currency's minor units, occurred_at in epoch ms."""

    event_id: str
    payment_id: str
    booking_id: str
    amount_minor: int
    currency: str
    method: str
    status: str
    occurred_at: int
    metadata: str | None


class PaymentCompleted(NamedTuple):
    """A payment that entered COMPLETED; amount_minor in minor units, completed_at is its occurredAt in epoch ms."""

    payment_id: str
    booking_id: str
    amount_minor: int
    currency: str
    method: str
    completed_at: int


COMPLETED_SUBJECT = "payment-completed-value"

_SCHEMA = parse_schema(BUNDLED[PAYMENT_COMPLETED], _write_hint=False)
_FIELDS = tuple(field["name"] for field in BUNDLED[PAYMENT_COMPLETED]["fields"])


def encode_completed(completed: PaymentCompleted, schema_id: int = PAYMENT_COMPLETED) -> bytes:
    """Avro in Confluent's wire format, under the id the registry has for the schema."""
    out = io.BytesIO()
    out.write(struct.pack(">BI", 0, schema_id))
    schemaless_writer(out, _SCHEMA, dict(zip(_FIELDS, completed, strict=True)))
    return out.getvalue()
