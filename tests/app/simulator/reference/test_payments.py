import pytest

from app.simulator.reference.payments import UNMATCHED, Payment, completed, decide


def event(status: str) -> dict[str, object]:
    return {
        "paymentId": "P",
        "bookingId": "B",
        "amountMinor": 5,
        "currency": "EUR",
        "method": "CARD",
        "status": status,
        "occurredAt": 7,
    }


def state(status: str) -> Payment:
    return Payment("B", status, 5, "EUR", "CARD", 7)


@pytest.mark.parametrize(
    ("before", "status"),
    [
        ("", "AUTHORIZED"),
        ("", "FAILED"),
        ("", "COMPLETED"),
        ("AUTHORIZED", "FAILED"),
        ("FAILED", "COMPLETED"),
        ("COMPLETED", "REFUNDED"),
    ],
)
def test_a_higher_rank_is_accepted(before: str, status: str) -> None:
    assert decide(state(before) if before else None, event(status)) == state(status)


@pytest.mark.parametrize(
    ("before", "status"),
    [
        ("FAILED", "AUTHORIZED"),
        ("COMPLETED", "COMPLETED"),
        ("COMPLETED", "FAILED"),
        ("REFUNDED", "REFUNDED"),
        ("REFUNDED", "COMPLETED"),
    ],
)
def test_others_are_ignored(before: str, status: str) -> None:
    assert decide(state(before), event(status)) == "lower-rank"


@pytest.mark.parametrize("before", [None, state("AUTHORIZED"), state("FAILED")])
def test_a_refund_needs_a_completed_payment(before: Payment | None) -> None:
    assert decide(before, event("REFUNDED")) == UNMATCHED


def test_the_record_written() -> None:
    assert completed(event("COMPLETED")) == ("P", "B", 5, "EUR", "CARD", 7)
