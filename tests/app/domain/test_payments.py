import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ignored import Ignored
from app.domain.payments import RANK, UNMATCHED, Payment, completed, decide
from schemas.payments import PaymentCompleted, PaymentEvent

EVENT = PaymentEvent("e", "p", "b", 100, "THB", "card", "AUTHORIZED", 5, None)
PAYMENT = Payment("b", "AUTHORIZED", 100, "THB", "card", 5)


@pytest.mark.parametrize(
    ("before", "status", "outcome"),
    [
        (None, "AUTHORIZED", "AUTHORIZED"),
        (None, "FAILED", "FAILED"),
        (None, "COMPLETED", "COMPLETED"),
        (None, "REFUNDED", UNMATCHED),
        ("AUTHORIZED", "AUTHORIZED", Ignored.LOWER_RANK),
        ("AUTHORIZED", "FAILED", "FAILED"),
        ("AUTHORIZED", "COMPLETED", "COMPLETED"),
        ("AUTHORIZED", "REFUNDED", UNMATCHED),
        ("FAILED", "AUTHORIZED", Ignored.LOWER_RANK),
        ("FAILED", "COMPLETED", "COMPLETED"),
        ("FAILED", "REFUNDED", UNMATCHED),
        ("COMPLETED", "FAILED", Ignored.LOWER_RANK),
        ("COMPLETED", "COMPLETED", Ignored.LOWER_RANK),
        ("COMPLETED", "REFUNDED", "REFUNDED"),
        ("REFUNDED", "AUTHORIZED", Ignored.LOWER_RANK),
        ("REFUNDED", "COMPLETED", Ignored.LOWER_RANK),
        ("REFUNDED", "REFUNDED", Ignored.LOWER_RANK),
    ],
)
def test_only_a_higher_rank_changes_the_state(before: str | None, status: str, outcome: object) -> None:
    payment = None if before is None else PAYMENT._replace(status=before)
    after = decide(payment, EVENT._replace(status=status))
    assert (after.status if isinstance(after, Payment) else after) == outcome


def test_the_row_is_the_last_accepted_event() -> None:
    event = PaymentEvent("e2", "p", "b2", 7, "USD", "cash", "COMPLETED", 3, "m")
    assert decide(PAYMENT, event) == Payment("b2", "COMPLETED", 7, "USD", "cash", 3)


@given(st.lists(st.sampled_from(sorted(RANK)), max_size=12))
def test_completed_is_said_exactly_once(statuses: list[str]) -> None:
    payment: Payment | None = None
    said = []
    for at, status in enumerate(statuses):
        after = decide(payment, EVENT._replace(status=status, occurred_at=at))
        if isinstance(after, Payment):
            said.append(completed(payment, after, "p"))
            payment = after
    first = statuses.index("COMPLETED") if "COMPLETED" in statuses else None
    expected = [] if first is None else [PaymentCompleted("p", "b", 100, "THB", "card", first)]
    assert [record for record in said if record is not None] == expected
