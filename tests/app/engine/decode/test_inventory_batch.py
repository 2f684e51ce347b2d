from typing import Any

import pytest

from app.engine.decode.inventory_batch import inventory_good, inventory_made
from tests.app.engine.decode.flat_batch import flat_batch
from tests.app.engine.decode.records import EVENTS, HOTEL, INVENTORY, NOW, Record, in_avro

GOOD: list[dict[str, Any]] = [
    {},
    HOTEL,
    {**HOTEL, "eventType": "STOP_SELL", "stayFrom": 47_846, "stayTo": 47_847},
    {**HOTEL, "stayFrom": 0, "stayTo": 731},
    {"eventType": "ADJUSTMENT", "quantity": -1_000_000_000},
    {"quantity": 1_000_000_000},
    {"stayFrom": 5, "stayTo": None},
]
BAD: list[dict[str, Any]] = [
    {"eventId": ""},
    {"itemId": ""},
    {"occurredAt": NOW + 600_001},
    {"occurredAt": -1},
    {"quantity": -1},
    {"quantity": 1_000_000_001},
    {"eventType": "ADJUSTMENT", "quantity": -1_000_000_001},
    {"eventType": "ALLOTMENT"},
    {**HOTEL, "eventType": "SALE"},
    {**HOTEL, "stayFrom": None},
    {**HOTEL, "stayTo": None},
    {**HOTEL, "stayTo": 100},
    {**HOTEL, "stayTo": 832},
    {**HOTEL, "stayFrom": -1},
    {**HOTEL, "stayFrom": 47_847, "stayTo": 47_848},
]


@pytest.mark.parametrize(("cases", "good"), [(GOOD, True), (BAD, False)])
def test_rules_on_values(cases: list[dict[str, Any]], good: bool) -> None:
    batch, _, timestamps = flat_batch(INVENTORY, [in_avro(INVENTORY, **changes) for changes in cases])
    assert inventory_good(batch, timestamps).tolist() == [good] * len(cases)


def test_hotels_without_any_dates() -> None:
    record = in_avro(INVENTORY, **HOTEL | {"stayFrom": None, "stayTo": None})
    batch, _, timestamps = flat_batch(INVENTORY, [record] * 2)
    assert inventory_good(batch, timestamps).tolist() == [False, False]


def test_events_or_none_for_what_is_read_again() -> None:
    good = in_avro(INVENTORY)
    batch, keys, timestamps = flat_batch(INVENTORY, [good, Record(b"other", good.value), Record(None, good.value)])
    assert inventory_made(batch, keys, timestamps) == [EVENTS[INVENTORY], None, None]
