from math import inf
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.subscription_state import Assignment
from faust.types import TP

from app.engine import consumer_thread
from app.engine.consumer_thread import ConsumerThread, Fetched
from app.engine.kip447 import Membership
from tests.app.engine.opened import SOURCE, Record

HERE, THERE = TP(SOURCE, 2), TP(SOURCE, 3)


def thread_of(generation: int, member: str) -> Any:
    """A thread that knows generation 5 as member m and reads HERE at 40; its group has come to another."""
    thread = ConsumerThread.__new__(ConsumerThread)
    thread.membership = Membership(5, "m", None)
    thread._reading = {HERE: 40}
    thread._assignor = SimpleNamespace(generation=-1)
    thread.app = SimpleNamespace(conf=SimpleNamespace(consumer_group_instance_id=None))
    group = SimpleNamespace(generation=generation, member_id=member)
    thread._consumer = SimpleNamespace(_coordinator=group)
    return thread


def test_nobody_knew_a_worker_that_only_starts() -> None:
    thread = thread_of(5, "m")
    thread._consumer = None
    assert thread.last_contact == -inf


async def positions(assignment: Assignment) -> dict[tuple[str, int], tuple[int, bool]]:
    states = {tp: assignment.state_value(tp) for tp in assignment.tps}
    return {tuple(tp): (state.position, state.paused) for tp, state in states.items()}


async def test_what_stays_is_read_on_and_what_is_new_waits() -> None:
    thread, assignment = thread_of(6, "m"), Assignment([TopicPartition(*HERE), TopicPartition(*THERE)])
    thread._take_over(assignment)
    assert await positions(assignment) == {HERE: (40, False), THERE: (0, True)}
    assert (thread.kept, thread.membership, thread._assignor.generation) == (True, Membership(6, "m", None), 6)
    thread._take_over(Assignment([TopicPartition(*THERE)]))
    assert thread._reading == {}


@pytest.mark.parametrize(("generation", "member"), [(7, "m"), (6, "another")])
async def test_after_a_generation_in_between_everything_waits(generation: int, member: str) -> None:
    thread, assignment = thread_of(generation, member), Assignment([TopicPartition(*HERE)])
    thread._take_over(assignment)
    assert await positions(assignment) == {HERE: (0, True)}
    assert (thread.kept, thread._reading) == (False, {})


async def test_only_what_is_still_assigned_is_started() -> None:
    thread, calls = thread_of(6, "m"), []
    thread._consumer.assignment = lambda: {TopicPartition(*THERE)}
    thread._consumer.resume = lambda tp: calls.append(("resume", *tp))
    thread._consumer.seek = lambda tp, offset: calls.append(("seek", *tp, offset))
    await thread.start_at({HERE: 7, THERE: 9})
    assert calls == [("resume", *THERE), ("seek", *THERE, 9)]
    assert thread._reading == {HERE: 40, THERE: 9}


class State:
    has_valid_position = True
    position = 0


async def test_transaction_markers_are_covered_by_no_records(monkeypatch: pytest.MonkeyPatch) -> None:
    state, found = State(), {HERE: [Record(4), Record(5)]}
    assignment = SimpleNamespace(tps={HERE}, state_value=lambda tp: state)
    client = SimpleNamespace(_subscription=SimpleNamespace(subscription=SimpleNamespace(assignment=assignment)))

    async def fetched(*_: Any) -> Any:
        return found

    monkeypatch.setattr(consumer_thread.driver.AIOKafkaConsumerThread, "_fetch_records", fetched)
    thread = ConsumerThread.__new__(ConsumerThread)
    thread._reading = {HERE: 3}
    state.position = 7
    assert await thread._fetch_records(client, {HERE}, 1.0) == {HERE: Fetched(3, 7, [Record(4), Record(5)])}
    found.clear()
    assert await thread._fetch_records(client, {HERE}, 1.0) == {}
    state.position = 8
    assert await thread._fetch_records(client, set(), 1.0) == {}
    assert await thread._fetch_records(client, {HERE}, 1.0) == {HERE: Fetched(7, 8, [])}
    state.has_valid_position = False
    assert await thread._fetch_records(client, {HERE}, 1.0) == {}
