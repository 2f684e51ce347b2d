from random import Random

import pytest

from app.simulator.encoding import BOOKINGS, INVENTORY, PAYMENTS, key_of
from app.simulator.reference.model import DEAD, WAITING, Reference
from app.simulator.reference.payments import UNMATCHED
from app.simulator.reference.record import LogRecord
from app.simulator.spoil import KINDS, kinds_of, spoil, spoil_any
from tests.app.simulator.reference.log import ALLOTMENT, BOOKING, MOVEMENT, NOW, PAYMENT

GOOD = {BOOKINGS: [{**BOOKING, "rooms": 1}], INVENTORY: [MOVEMENT, ALLOTMENT], PAYMENTS: [PAYMENT]}
ALL = [(topic, event, kind) for topic, events in GOOD.items() for event in events for kind in kinds_of(topic)]


@pytest.mark.parametrize(("topic", "event", "kind"), ALL)
def test_every_kind_counts_under_its_reason(topic: str, event: dict[str, object], kind: object) -> None:
    spoiled = spoil(topic, event, kind, key=key_of(topic, event, "EU"))
    model = Reference()
    # A refund without its payment is tried again before it is dead.
    waits = spoiled.reason == UNMATCHED
    assert model.feed(LogRecord(topic, 0, 0, NOW, spoiled.key, spoiled.value)) == (WAITING if waits else DEAD)
    assert [letter.reason for letter in model.dead_letters] == ([] if waits else [spoiled.reason])


def test_every_reason_of_the_contract_is_there() -> None:
    assert {kind.reason for kind in KINDS} == {
        "not-avro-or-json",
        "unknown-schema",
        "does-not-fit-schema",
        "key-mismatch",
        "invalid-value",
        "unmatched-refund",
    }


def test_any_is_drawn_from_the_generator_alone() -> None:
    draws = [[spoil_any(Random(seed), PAYMENTS, PAYMENT, key=b"P1") for seed in range(50)] for _ in range(2)]
    assert draws[0] == draws[1]
    assert {spoiled.reason for spoiled in draws[0]} == {kind.reason for kind in kinds_of(PAYMENTS)}
