import math
from typing import Any

import pytest

from app.domain.poison import (
    INVALID_VALUE,
    KEY_MISMATCH,
    Poison,
    booking_problem,
    inventory_problem,
    key_problem,
    payment_problem,
    region_of,
)
from schemas.bookings import BookingEvent
from schemas.inventory import InventoryEvent
from schemas.payments import PaymentEvent

NOW = 1_700_000_000_000
SALE = InventoryEvent("e", "STORE", "s", "i", "SALE", 1, NOW, None, None, None, None)
ALLOTMENT = InventoryEvent("e", "HOTEL", "h", "STANDARD", "ALLOTMENT", 1, NOW, 100, 101, None, None)
BOOKING = BookingEvent("e", "b", "c", "h", 100, 101, 1.0, "THB", "PENDING", None, "STANDARD", 1, NOW, "eu")
PAYMENT = PaymentEvent("e", "p", "b", 1, "THB", "card", "AUTHORIZED", NOW, None)
CHECKS = {InventoryEvent: inventory_problem, BookingEvent: booking_problem, PaymentEvent: payment_problem}

GOOD: list[tuple[Any, dict[str, Any]]] = [
    (SALE, {}),
    (SALE, {"item_id": "\U0001f6cf" * 128}),
    (SALE, {"occurred_at": 0}),
    (SALE, {"occurred_at": NOW + 600_000}),
    (SALE, {"quantity": 1_000_000_000}),
    (SALE, {"event_type": "ADJUSTMENT", "quantity": -1_000_000_000}),
    (SALE, {"event_type": "COUNT", "quantity": 0}),
    (SALE, {"stay_from": 10, "stay_to": -10}),
    (ALLOTMENT, {"event_type": "STOP_SELL"}),
    (ALLOTMENT, {"event_type": "OPEN_SELL"}),
    (ALLOTMENT, {"stay_from": 0, "stay_to": 731}),
    (ALLOTMENT, {"stay_from": 47_846, "stay_to": 47_847}),
    (BOOKING, {"event_id": ""}),
    (BOOKING, {"room_type": None, "rooms": None}),
    (BOOKING, {"check_in": 0, "check_out": 365}),
    (BOOKING, {"check_in": 47_845, "check_out": 47_846}),
    (BOOKING, {"total_amount": -0.0}),
    (BOOKING, {"rooms": 99}),
    (PAYMENT, {"amount_minor": 0}),
    (PAYMENT, {"method": ""}),
]

BAD: list[tuple[Any, dict[str, Any]]] = [
    (SALE, {"event_id": ""}),
    (SALE, {"location_id": ""}),
    (SALE, {"item_id": ""}),
    (SALE, {"item_id": "\U0001f6cf" * 129}),
    (SALE, {"event_id": "e" * 129}),
    (SALE, {"location_id": "s" * 129}),
    (SALE, {"occurred_at": -1}),
    (SALE, {"occurred_at": NOW + 600_001}),
    (SALE, {"quantity": -1}),
    (SALE, {"quantity": 1_000_000_001}),
    (SALE, {"event_type": "ADJUSTMENT", "quantity": -1_000_000_001}),
    (SALE, {"event_type": "COUNT", "quantity": -1}),
    (SALE, {"event_type": "ALLOTMENT", "stay_from": 1, "stay_to": 2}),
    (ALLOTMENT, {"event_type": "SALE"}),
    (ALLOTMENT, {"event_type": "COUNT"}),
    (ALLOTMENT, {"stay_from": None}),
    (ALLOTMENT, {"stay_to": None}),
    (ALLOTMENT, {"stay_to": 100}),
    (ALLOTMENT, {"stay_to": 99}),
    (ALLOTMENT, {"stay_from": -1}),
    (ALLOTMENT, {"stay_from": 47_847, "stay_to": 47_848}),
    (ALLOTMENT, {"stay_from": 0, "stay_to": 732}),
    (ALLOTMENT, {"quantity": -1}),
    (BOOKING, {"event_id": "e" * 129}),
    (BOOKING, {"booking_id": ""}),
    (BOOKING, {"customer_id": ""}),
    (BOOKING, {"hotel_id": ""}),
    (BOOKING, {"room_type": ""}),
    (BOOKING, {"room_type": "r" * 129}),
    (BOOKING, {"check_out": 100}),
    (BOOKING, {"check_out": 466}),
    (BOOKING, {"check_in": -1}),
    (BOOKING, {"check_in": 47_847, "check_out": 47_848}),
    (BOOKING, {"check_in": 47_846, "check_out": 47_847}),
    (BOOKING, {"total_amount": math.nan}),
    (BOOKING, {"total_amount": math.inf}),
    (BOOKING, {"total_amount": -math.inf}),
    (BOOKING, {"total_amount": -0.01}),
    (BOOKING, {"rooms": 0}),
    (BOOKING, {"rooms": 100}),
    (BOOKING, {"currency": "thb"}),
    (BOOKING, {"currency": "TH"}),
    (BOOKING, {"currency": "THBB"}),
    (BOOKING, {"currency": "TH\n"}),
    (BOOKING, {"currency": "T1B"}),
    (BOOKING, {"currency": "ÄÖÜ"}),
    (BOOKING, {"occurred_at": -1}),
    (BOOKING, {"occurred_at": NOW + 600_001}),
    (PAYMENT, {"event_id": ""}),
    (PAYMENT, {"payment_id": ""}),
    (PAYMENT, {"booking_id": "b" * 129}),
    (PAYMENT, {"amount_minor": -1}),
    (PAYMENT, {"currency": ""}),
    (PAYMENT, {"occurred_at": -1}),
    (PAYMENT, {"occurred_at": NOW + 600_001}),
]


@pytest.mark.parametrize(("event", "change"), GOOD)
def test_values_within_the_rules(event: Any, change: dict[str, Any]) -> None:
    assert CHECKS[type(event)](event._replace(**change), NOW) is None


@pytest.mark.parametrize(("event", "change"), BAD)
def test_values_outside_the_rules(event: Any, change: dict[str, Any]) -> None:
    poison = CHECKS[type(event)](event._replace(**change), NOW)
    assert poison is not None
    assert poison.reason == INVALID_VALUE
    assert poison.error


@pytest.mark.parametrize("event", [SALE, BOOKING, PAYMENT])
def test_times_end_with_the_year_2100(event: Any) -> None:
    check = CHECKS[type(event)]
    end = 4_133_980_800_000
    assert check(event._replace(occurred_at=end - 1), end) is None
    assert check(event._replace(occurred_at=end), end) is not None


@pytest.mark.parametrize(
    ("key", "region"),
    [(b"c:eu", "eu"), (b"c:", ""), (b"c:eu:1", "eu:1"), ("c:Île".encode(), "Île")],
)
def test_the_region_is_the_rest_of_the_key(key: bytes, region: str) -> None:
    assert region_of(key, "c") == region


@pytest.mark.parametrize("key", [None, b"", b"c", b"d:eu", b"c\xff:eu", b"c:\xed\xa0\x80", b"cc:eu"])
def test_a_booking_under_another_key(key: bytes | None) -> None:
    poison = region_of(key, "c")
    assert isinstance(poison, Poison)
    assert poison.reason == KEY_MISMATCH


@pytest.mark.parametrize("key", [None, b"", b"S", b"s ", b"s\xff", "\u017f".encode()])
def test_a_key_that_is_not_the_id(key: bytes | None) -> None:
    poison = key_problem(key, "s", "locationId")
    assert poison is not None
    assert poison.reason == KEY_MISMATCH


def test_a_key_that_is_the_id() -> None:
    assert key_problem("ส".encode(), "ส", "paymentId") is None
