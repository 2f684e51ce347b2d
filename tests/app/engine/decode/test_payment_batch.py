from typing import Any

import pytest

from app.engine.decode.payment_batch import payments_good, payments_made
from tests.app.engine.decode.flat_batch import flat_batch
from tests.app.engine.decode.records import EVENTS, NOW, PAYMENTS, Record, in_avro

GOOD: list[dict[str, Any]] = [{}, {"amountMinor": 0}, {"method": ""}, {"occurredAt": 0}]
BAD: list[dict[str, Any]] = [
    {"eventId": ""},
    {"paymentId": "p" * 129},
    {"bookingId": ""},
    {"amountMinor": -1},
    {"currency": "thb"},
    {"occurredAt": NOW + 600_001},
]


@pytest.mark.parametrize(("cases", "good"), [(GOOD, True), (BAD, False)])
def test_rules_on_values(cases: list[dict[str, Any]], good: bool) -> None:
    batch, _, timestamps = flat_batch(PAYMENTS, [in_avro(PAYMENTS, **changes) for changes in cases])
    assert payments_good(batch, timestamps).tolist() == [good] * len(cases)


def test_events_or_none_for_what_is_read_again() -> None:
    good = in_avro(PAYMENTS)
    batch, keys, timestamps = flat_batch(PAYMENTS, [good, Record(b"p", good.value), Record(b"\xff", good.value)])
    assert payments_made(batch, keys, timestamps) == [EVENTS[PAYMENTS], None, None]
