import io

from fastavro import schemaless_reader

from schemas.bundled import BUNDLED, PAYMENT_COMPLETED, PAYMENT_EVENT
from schemas.payments import PaymentCompleted, PaymentEvent, encode_completed


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def test_fields_follow_the_schema() -> None:
    for record, schema_id in ((PaymentEvent, PAYMENT_EVENT), (PaymentCompleted, PAYMENT_COMPLETED)):
        assert [camel(name) for name in record._fields] == [field["name"] for field in BUNDLED[schema_id]["fields"]]


def test_a_completed_payment_is_encoded_in_wire_format() -> None:
    event = PaymentCompleted("pay-1", "book-1", 12_345, "THB", "card", 1_700_000_000_123)
    data = encode_completed(event)
    assert data[:5] == b"\x00\x00\x00\x00\x05"
    body = io.BytesIO(data[5:])
    raw = {**BUNDLED[PAYMENT_COMPLETED], "fields": [dict(f) for f in BUNDLED[PAYMENT_COMPLETED]["fields"]]}
    raw["fields"][-1]["type"] = "long"
    decoded = schemaless_reader(body, raw, None)
    assert tuple(decoded.values()) == event
    assert body.read() == b""
