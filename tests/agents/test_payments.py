from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.payments import payments as agent
from app.delivery.retries import read_headers
from app.engine.partitioner import partition_of
from schemas.payments import PaymentCompleted, PaymentEvent, encode_completed
from tables.payments import payments
from tables.windows import payment_windows
from tests.agents.driven import assert_counted, cut, dead, drive, fields, letters, modelled, of, rows_of, traffic
from tests.agents.retried import Topics
from tests.app.engine.opened import NOW, commit, opened, unit
from tests.app.engine.panes_held import assert_same
from tests.app.simulator.reference.log import payment

TOPIC = "payment-events"


def of_status(id: str, status: str) -> PaymentEvent:
    return PaymentEvent(id, "P", "B", 100, "EUR", "CARD", status, NOW, None)


@pytest.mark.parametrize("seed", [1, 2])
async def test_payments_outputs_and_letters_are_those_of_the_reference(tmp_path: Path, seed: int) -> None:
    log = of(traffic(6_000, seed=seed), TOPIC)
    task = opened(tmp_path, "payments")
    await drive(agent, cut(task, log, seed))
    retried = [(send, read_headers(send.headers, TOPIC)) for send in task.pending.sends if "-retry-" in send.topic]
    assert {send.topic for send, _origin in retried} == {f"{TOPIC}-retry-1"}
    model = modelled(log, waiting={origin[:3] for _send, origin in retried if origin is not None})
    assert_counted(task, model, TOPIC)
    assert letters(task) == dead(model) != []
    assert len(retried) == task.pending.counts.retries[TOPIC] > 0
    sent = [(send.key, send.value, send.partition) for send in task.pending.sends if send.topic == "payment-completed"]
    expected = [PaymentCompleted(*one) for one in model.completed]
    assert sent == [
        (one.booking_id.encode(), encode_completed(one), partition_of(one.booking_id.encode(), 6)) for one in expected
    ]
    commit(task)
    assert rows_of(task, payments) == {key[1:]: fields(row) for key, row in model.payments.items()}
    assert_same(task, model, payment_windows)
    task.close()


async def test_a_refund_that_waits_is_not_remembered_and_holds_nothing_back(tmp_path: Path) -> None:
    refund, completed = of_status("r", "REFUNDED"), of_status("c", "COMPLETED")
    task = opened(tmp_path, "payments")
    await drive(agent, [unit(task, 0, [refund, completed, refund, refund], topic=TOPIC)])
    assert letters(task) == []
    assert +task.pending.counts.retries == {TOPIC: 1}
    assert +task.pending.counts.duplicates == {TOPIC: 1}
    commit(task)
    assert [row.status for row in rows_of(task, payments).values()] == ["REFUNDED"]
    task.close()


EVENTS = st.tuples(
    st.sampled_from(["P1", "P2"]),
    st.sampled_from(["AUTHORIZED", "COMPLETED", "FAILED", "REFUNDED", "REFUNDED", "REFUNDED"]),
    st.integers(0, 2),
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["source", "source", "retry-1", "retry-2", "commit", "crash"]), st.integers(1, 4)),
    max_size=40,
)


@settings(max_examples=120)
@given(events=st.lists(EVENTS, max_size=14), steps=STEPS)
async def test_refunds_end_applied_or_dead_whenever_they_are_tried(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[str, str, int]], steps: list[tuple[str, int]]
) -> None:
    """Whatever order source and retry topics are read in, and however often the worker starts over."""
    log = [
        payment(paymentId=id, status=status, eventId=f"{id} {status} {n}", amountMinor=at)._replace(offset=at)
        for at, (id, status, n) in enumerate(events)
    ]
    topics = Topics(opened(tmp_path_factory.mktemp("payments"), "payments"), agent, log)
    for step, count in steps:
        await topics.step(step, count)
    await topics.drain()
    expired = {(letter.topic, letter.partition, letter.offset) for letter in topics.letters}
    model = modelled(log, expired=expired)
    assert sorted(letter[:1] + letter[2:6] for letter in topics.letters) == sorted(
        (dead.reason, *dead.record[:3], dead.attempts) for dead in model.dead_letters
    )
    assert topics.counts.applied == model.applied
    assert len(topics.completed) == len(model.completed)
    found = {key[0]: row for key, row in rows_of(topics.task, payments).items()}
    assert found.keys() == {id for _partition, id in model.payments}
    for (at, id), row in model.payments.items():
        assert found[id] in [fields(each) for each in (row, *model.alternatives.get((at, id), ()))]
    topics.task.close()
