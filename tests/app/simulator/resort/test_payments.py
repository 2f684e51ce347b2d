from typing import Any

from app.simulator.resort.happening import DAY
from app.simulator.resort.payments import payment_events
from tests.app.simulator.resort.stay import STAY


def told(**changed: Any) -> list[tuple[str, int]]:
    happenings = list(payment_events(STAY._replace(**changed)))
    assert [each.at for each in happenings] == sorted(each.at for each in happenings)
    assert all(each.event["amountMinor"] == 30_000 for each in happenings)
    return [(each.event["status"], each.at // DAY) for each in happenings]


def test_without_a_deposit_the_guest_pays_on_arrival() -> None:
    assert told() == [("AUTHORIZED", 16_970), ("COMPLETED", 17_000)]
    assert told(cancelled=True, ended=16_990) == [("AUTHORIZED", 16_970)]


def test_with_a_deposit_it_is_paid_at_once_and_given_back() -> None:
    assert told(deposit="Refundable") == [("AUTHORIZED", 16_970), ("COMPLETED", 16_970)]
    assert told(deposit="Non Refund", cancelled=True, ended=16_990) == [
        ("AUTHORIZED", 16_970),
        ("COMPLETED", 16_970),
        ("REFUNDED", 16_990),
    ]


def test_some_cards_fail_first() -> None:
    assert [status for status, _day in told(number=40)] == ["AUTHORIZED", "FAILED", "COMPLETED"]
