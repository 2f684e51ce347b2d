from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.delivery.dead_letters import read_headers
from app.delivery.duplicates import HORIZON_MS
from app.delivery.retries import Origin, Tried
from app.delivery.retries import read_headers as read_origin
from app.domain.poison import Poison
from app.engine.retry_unit import RetryUnit, unit_of
from app.engine.task import Task
from app.engine.unit import Read, Unit
from schemas.payments import PaymentEvent
from tests.app.engine.opened import NOW, commit, opened, unit

SOURCE = "payment-events"
FIRST, SECOND = f"{SOURCE}-retry-1", f"{SOURCE}-retry-2"


@pytest.fixture
def task(tmp_path: Path) -> Iterator[Task]:
    task = opened(tmp_path / "task", "payments", partition=2)
    yield task
    task.close()


def event(id: str) -> PaymentEvent:
    return PaymentEvent(id, "P", "B", 100, "EUR", "CARD", "REFUNDED", NOW, None)


def of_source(task: Task, *ids: str, time: int = NOW) -> list[str]:
    """Read events of the source, all with one timestamp; those that are no duplicates."""
    start = task.reached(SOURCE).next_offset
    events = [event(id) for id in ids]
    return [each.event_id for each in unit(task, start, events, topic=SOURCE, times=[time] * len(events)).events()]


def again(task: Task, *tries: tuple[Any, Origin | None], topic: str = FIRST) -> Unit:
    start = task.reached(topic).next_offset
    records = [
        Tried(start + n, NOW if origin is None else origin.timestamp, b"k", b"v", origin)
        for n, (_event, origin) in enumerate(tries)
    ]
    decoded = [each for each, _origin in tries]
    return unit_of(task, Read(topic, start, start + len(tries), records, decoded), lambda: None)


def origin(offset: int, *, time: int = NOW, attempts: int = 1) -> Origin:
    return Origin(SOURCE, 2, offset, time - 1, time, attempts)


def test_only_retry_topics_have_units_of_their_own(task: Task) -> None:
    assert type(again(task)) is RetryUnit
    assert type(unit_of(task, Read(SOURCE, 0, 0, [], []), lambda: None)) is Unit


def test_an_applied_retry_is_remembered_in_its_source_at_its_source_s_time(task: Task) -> None:
    of_source(task, "other", time=NOW + 5_000)
    assert [each.event_id for each in again(task, (event("r"), origin(0))).events()] == ["r"]
    commit(task)
    task.reset()
    task.promote()
    assert of_source(task, "r", time=NOW + HORIZON_MS) == []
    assert of_source(task, "other", time=NOW + 5_001 + HORIZON_MS) == ["other"]


def test_a_retry_is_remembered_no_later_than_its_source_s_time(task: Task) -> None:
    of_source(task, "other", time=NOW + 5_000)
    list(again(task, (event("r"), origin(0))).events())
    assert of_source(task, "r", time=NOW + 1 + HORIZON_MS) == ["r"]


def test_a_time_ahead_of_the_source_s_is_not_believed(task: Task) -> None:
    of_source(task, "other")
    list(again(task, (event("r"), origin(0, time=NOW + 90 * HORIZON_MS))).events())
    assert of_source(task, "r", time=NOW + 1 + HORIZON_MS) == ["r"]


def test_what_was_sent_again_and_applied_meanwhile_is_a_duplicate(task: Task) -> None:
    assert of_source(task, "r", time=NOW + 700) == ["r"]
    assert list(again(task, (event("r"), origin(0)), (event("s"), origin(1)), (event("s"), origin(2))).events()) == [
        event("s")
    ]
    counts = task.pending.counts
    assert counts.duplicates[SOURCE] == 2
    assert counts.consumed == {SOURCE: 1, FIRST: 3}
    # The duplicate's own time is older: that of the applied one counts.
    assert of_source(task, "r", time=NOW + 700 + HORIZON_MS) == []


def test_an_id_older_than_a_day_before_the_source_record_is_none(task: Task) -> None:
    of_source(task, "r", time=NOW)
    of_source(task, "x", time=NOW + 2 * HORIZON_MS)
    tries = again(task, (event("r"), origin(1, time=NOW + 2 * HORIZON_MS)))
    assert [each.event_id for each in tries.events()] == ["r"]


def test_times_are_stored_rising(task: Task) -> None:
    of_source(task, "a", "b", time=NOW + 50)
    list(again(task, (event("r"), origin(0, time=NOW + 9)), (event("s"), origin(1, time=NOW + 3))).events())
    assert task.pending.times == [NOW + 3, NOW + 9, NOW + 50, NOW + 50]
    assert len(set(task.pending.digests)) == 4


def test_what_is_undecided_again_goes_on_with_its_origin(task: Task) -> None:
    tries = again(task, (event("r"), origin(4)), (event("s"), origin(6, attempts=2)))
    for _event in tries.events():
        tries.retry("unmatched-refund", "status")
    on, dead = task.pending.sends
    assert (on.topic, on.partition, on.key, on.value) == (SECOND, 2, b"k", b"v")
    assert read_origin(on.headers, SOURCE) == origin(4, attempts=2)
    assert (dead.topic, dead.partition) == (f"{SOURCE}-dlt", 2)
    letter = read_headers(dead.headers)
    assert letter is not None
    assert letter[:1] + letter[2:7] == ("unmatched-refund", SOURCE, 2, 6, 3, NOW - 1)
    assert task.pending.counts.retries[SOURCE] == 1
    assert task.pending.counts.dead_letters == {(SOURCE, "unmatched-refund"): 1}
    assert of_source(task, "r", "s") == ["r", "s"]


@pytest.mark.parametrize("stranger", [None, origin(4)._replace(partition=1)])
def test_a_stranger_s_record_is_applied_or_dead_as_its_own_source(task: Task, stranger: Origin | None) -> None:
    tries = again(task, (event("r"), stranger), (event("s"), stranger))
    for each in tries.events():
        if each.event_id == "s":
            tries.retry("unmatched-refund", "status")
    (dead,) = task.pending.sends
    letter = read_headers(dead.headers)
    assert letter is not None
    assert (dead.topic, letter.topic, letter.partition, letter.offset) == (f"{SOURCE}-dlt", FIRST, 2, 1)


def test_poison_and_gaps_are_as_in_any_unit(task: Task) -> None:
    assert list(again(task, (Poison("unknown-schema", "id"), origin(0))).events()) == []
    assert task.pending.counts.dead_letters == {(SOURCE, "unknown-schema"): 1}
    assert task.reached(FIRST).next_offset == 1
    late = RetryUnit(task, Read(FIRST, 5, 6, [Tried(5, NOW, b"k", b"v", origin(0))], [event("r")]), lambda: None)
    assert list(late.events()) == []
    assert task.gaps == {FIRST}
