from pathlib import Path

import pytest

from agents.payments import payments as agent
from app.engine.partitioner import partition_of
from schemas.payments import PaymentCompleted, PaymentEvent, encode_completed
from tables.payments import payments
from tests.agents.driven import assert_counted, cut, dead, drive, fields, letters, modelled, of, rows_of, traffic
from tests.app.engine.opened import NOW, commit, opened, unit

TOPIC = "payment-events"


def of_status(id: str, status: str) -> PaymentEvent:
    return PaymentEvent(id, "P", "B", 100, "EUR", "CARD", status, NOW, None)


@pytest.mark.parametrize("seed", [1, 2])
async def test_payments_outputs_and_letters_are_those_of_the_reference(tmp_path: Path, seed: int) -> None:
    log = of(traffic(6_000, seed=seed), TOPIC)
    model, task = modelled(log), opened(tmp_path, "payments")
    await drive(agent, cut(task, log, seed))
    assert_counted(task, model, TOPIC)
    assert letters(task) == dead(model) != []
    sent = [(send.key, send.value, send.partition) for send in task.pending.sends if send.topic == "payment-completed"]
    expected = [PaymentCompleted(*one) for one in model.completed]
    assert sent == [
        (one.booking_id.encode(), encode_completed(one), partition_of(one.booking_id.encode(), 6)) for one in expected
    ]
    commit(task)
    assert rows_of(task, payments) == {key[1:]: fields(row) for key, row in model.payments.items()}
    task.close()


async def test_a_refund_of_what_is_not_paid_is_buried_and_may_come_again(tmp_path: Path) -> None:
    refund, completed = of_status("r", "REFUNDED"), of_status("c", "COMPLETED")
    task = opened(tmp_path, "payments")
    await drive(agent, [unit(task, 0, [refund, completed, refund, refund], topic=TOPIC)])
    assert letters(task) == [(0, "unmatched-refund", 1)]
    assert +task.pending.counts.duplicates == {TOPIC: 1}
    commit(task)
    assert [row.status for row in rows_of(task, payments).values()] == ["REFUNDED"]
    task.close()
