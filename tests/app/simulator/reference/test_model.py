from app.simulator.reference.model import APPLIED, DEAD, DUPLICATE, WAITING, Reference
from app.simulator.reference.murmur2 import partition_of
from app.simulator.reference.payments import Completed, Payment
from app.simulator.reference.stock import Stock
from tests.app.simulator.reference.log import DAY, NOW, TODAY, allotment, booking, movement, payment


def test_an_event_sent_twice_is_applied_once() -> None:
    model = Reference()
    assert [model.feed(movement()), model.feed(movement()._replace(offset=1))] == [APPLIED, DUPLICATE]
    assert model.stock[0, "S1", "I1"] == Stock(on_hand=-1, last_event_at=NOW, last_sold_at=NOW, sold=1)
    assert model.applied == {("inventory-events", "SALE"): 1}
    assert model.duplicates == {"inventory-events": 1}


def test_an_ignored_event_is_remembered_and_a_poisoned_one_is_not() -> None:
    model = Reference()
    model.feed(movement(eventId="c", eventType="COUNT"))
    stale = movement(eventId="d", eventType="COUNT", occurredAt=NOW - 1)
    assert [model.feed(stale), model.feed(stale)] == ["stale-count", DUPLICATE]
    assert model.ignored == {("inventory-events", "stale-count"): 1}
    assert [model.feed(movement(quantity=-1)), model.feed(movement())] == [DEAD, APPLIED]
    assert [(letter.reason, letter.attempts) for letter in model.dead_letters] == [("invalid-value", 1)]


def test_a_booking_takes_its_nights_in_the_hotel_s_partition_and_gives_them_back() -> None:
    model = Reference()
    home = partition_of(b"H1", 24)
    model.feed(booking(rooms=2))
    assert {key: night.sold for key, night in model.nights.items()} == {
        (home, "H1", TODAY + 10, "STANDARD"): 2,
        (home, "H1", TODAY + 11, "STANDARD"): 2,
    }
    model.feed(booking(eventId="e2", rooms=1, checkOut=(TODAY + 11) * DAY))
    assert [night.sold for night in model.nights.values()] == [1, 0]
    model.feed(booking(eventId="e3", status="CANCELLED"))
    assert [night.sold for night in model.nights.values()] == [0, 0]


def test_a_hotel_event_without_a_night_applied_is_ignored() -> None:
    model = Reference()
    assert model.feed(allotment()) == APPLIED
    assert model.feed(allotment(eventId="e2", occurredAt=NOW - 1)) == "stale-allotment"
    assert model.feed(allotment(eventId="e3", occurredAt=NOW - 1, stayTo="2025-06-23", quantity=9)) == APPLIED
    assert [night.capacity for night in model.nights.values()] == [5, 5, 9]


def test_bookings_of_two_partitions_are_two() -> None:
    model = Reference()
    assert model.feed(booking()) == APPLIED
    assert model.feed(booking()._replace(partition=1)) == APPLIED
    assert sorted(model.bookings) == [(0, "B1"), (1, "B1")]


def test_a_payment_completes_once() -> None:
    model = Reference()
    for number, status in enumerate(["AUTHORIZED", "COMPLETED", "COMPLETED", "REFUNDED"]):
        model.feed(payment(eventId=f"e{number}", status=status))
    assert model.completed == [Completed("P1", "B1", 12_050, "EUR", "CARD", NOW)]
    assert model.payments[0, "P1"].status == "REFUNDED"
    assert model.ignored == {("payment-events", "lower-rank"): 1}


def test_a_refund_waits_for_its_payment() -> None:
    model = Reference()
    refund = payment(status="REFUNDED", occurredAt=NOW + 1)
    assert model.feed(refund) == WAITING
    assert model.feed(payment(paymentId="P2", status="REFUNDED")) == WAITING
    model.feed(payment(eventId="e2", status="COMPLETED"))
    assert model.payments[0, "P1"] == Payment("B1", "REFUNDED", 12_050, "EUR", "CARD", NOW + 1)
    assert model.feed(refund) == DUPLICATE
    model.finish()
    assert [(letter.record.key, letter.attempts) for letter in model.dead_letters] == [(b"P2", 3)]


def test_a_refund_that_waited_in_vain_is_dead_and_not_remembered() -> None:
    model = Reference(expired={("payment-events", 0, 0)})
    refund, again = payment(status="REFUNDED"), payment(status="REFUNDED")._replace(offset=2)
    complete = payment(eventId="e2", status="COMPLETED")._replace(offset=1)
    assert [model.feed(refund), model.feed(complete), model.feed(again)] == [DEAD, APPLIED, APPLIED]
    assert [(letter.reason, letter.attempts) for letter in model.dead_letters] == [("unmatched-refund", 3)]


def test_a_refund_that_came_in_time_is_no_dead_letter_whatever_is_said() -> None:
    model = Reference(expired={("payment-events", 0, 1)})
    model.feed(payment(status="COMPLETED"))
    assert model.feed(payment(eventId="e2", status="REFUNDED")._replace(offset=1)) == APPLIED
    assert model.dead_letters == []


def test_refunds_that_waited_and_those_that_overtook_them_are_alternatives() -> None:
    model = Reference()
    model.feed(payment(status="REFUNDED", amountMinor=1))
    model.feed(payment(eventId="e2", status="REFUNDED", amountMinor=2)._replace(offset=1))
    model.feed(payment(eventId="e3", status="COMPLETED")._replace(offset=2))
    model.feed(payment(eventId="e4", status="REFUNDED", amountMinor=3)._replace(offset=3))
    assert model.payments[0, "P1"].amount_minor == 1
    assert [row.amount_minor for row in model.alternatives[0, "P1"]] == [1, 2, 3]
    assert model.is_ambiguous
    assert model.ignored == {("payment-events", "lower-rank"): 2}


def test_a_refund_not_yet_tried_again_leaves_the_payment_completed() -> None:
    model = Reference(waiting={("payment-events", 0, 0)})
    model.feed(payment(status="REFUNDED"))
    model.feed(payment(eventId="e2", status="COMPLETED")._replace(offset=1))
    model.finish()
    assert model.payments[0, "P1"].status == "COMPLETED"
    assert model.alternatives == {}
    assert not model.is_ambiguous
    assert model.dead_letters == []


def test_a_known_dead_letter_changes_nothing() -> None:
    model = Reference(dead={("inventory-events", 0, 0)})
    assert model.feed(movement()) == DEAD
    assert not model.stock
    assert not model.dead_letters
