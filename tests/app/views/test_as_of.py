from typing import Any

from app.engine.group import INVENTORY
from app.views import as_of
from app.views.parts import Part, Question


async def nothing(_task: Any) -> None:
    return None


def test_lag_is_what_lies_between_position_and_end(one: Any) -> None:
    worker = one.workers[0]
    worker.end_offsets = {("payment-events", 1): 50}
    worker.start_offsets = {("payment-events", 1): 30}
    assert [as_of.behind(worker, "payment-events", 1, position) for position in (0, 30, 45, 50, 51)] == [
        20,
        20,
        5,
        0,
        0,
    ]
    assert as_of.behind(worker, "payment-events", 2, 0) == 0


def test_a_task_has_a_lag_for_each_of_its_sources(one: Any) -> None:
    worker = one.workers[0]
    worker.end_offsets = {("inventory-events", 2): 5, ("stayshelf-reservations", 2): 3}
    task = worker.tasks["inventory", 2]
    task.positions = {"inventory-events": 4}
    assert as_of.lags(worker, task) == {"inventory-events": 1, "stayshelf-reservations": 3}
    assert as_of.next_offset(worker, task) == 4


def test_the_internal_topic_is_never_listed(one: Any) -> None:
    part = Part(2, "standby", {"inventory-events": 1, "stayshelf-reservations": 3}, 4, None)
    stock = Question(INVENTORY, (2,), nothing, lambda _parts: {})
    assert as_of.entries(one.workers[0], stock, [part]) == [
        {"topic": "inventory-events", "partition": 2, "role": "standby", "lag": 1}
    ]
    nights = Question(INVENTORY, (2,), nothing, lambda _parts: {}, counts_sold=True)
    found = as_of.entries(one.workers[0], nights, [part, part._replace(partition=3, role="active")])
    assert {entry["topic"] for entry in found} == {"inventory-events", "booking-events"}
    assert {(entry["role"], entry["lag"]) for entry in found[2:]} == {("standby", 6)}
