from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.delivery.dead_letters import read_headers
from app.delivery.duplicates import HORIZON_MS
from app.delivery.retries import Origin
from app.delivery.retries import read_headers as read_origin
from app.domain.ignored import Ignored
from app.domain.poison import Poison
from app.engine.decode.movements import KINDS, Columns, Movements
from app.engine.partitioner import partition_of
from app.engine.pending import Send
from app.engine.task import Task
from app.engine.unit import Read, Unit
from app.simulator.reference.duplicates import Duplicates
from schemas.reservations import ReservationEvent
from tests.app.engine.opened import NOW, SOURCE, Record, commit, movement, opened, put_stock, unit

POISON = Poison("invalid-value", "quantity is beyond 1e9")
RESERVATIONS = "stayshelf-reservations"


@pytest.fixture
def task(tmp_path: Path) -> Iterator[Task]:
    task = opened(tmp_path / "task", partition=7)
    yield task
    task.close()


def test_a_unit_applied_twice_counts_once(task: Task) -> None:
    events = [movement("e0"), movement("e1")]
    assert put_stock(unit(task, 0, events)) == ["e0", "e1"]
    assert put_stock(unit(task, 0, events)) == []
    assert (task.reached(SOURCE).next_offset, task.gaps) == (2, set())


def test_a_unit_that_does_not_follow_is_refused_and_noted(task: Task) -> None:
    put_stock(unit(task, 0, [movement("e0")]))
    assert put_stock(unit(task, 3, [movement("e3")])) == []
    assert task.gaps == {SOURCE}
    assert task.pending.offsets == {SOURCE: 1}
    assert put_stock(unit(task, 1, [movement("e1"), movement("e2")])) == ["e1", "e2"]


def test_a_loop_left_early_finishes_nothing(task: Task) -> None:
    finished: list[str] = []
    read = Read(SOURCE, 0, 2, [Record(0), Record(1)], [movement("e0"), movement("e1")])
    one = Unit(task, read, lambda: finished.append("done"))
    for _event in one.events():
        break
    assert (bool(task.pending), task.reached(SOURCE).next_offset, finished) == (False, 0, [])


def test_offsets_without_records_move_the_position_on(task: Task) -> None:
    put_stock(Unit(task, Read(SOURCE, 0, 4, [], []), lambda: None))
    assert task.pending.offsets == {SOURCE: 4}
    assert put_stock(unit(task, 4, [movement("e0")])) == ["e0"]


RECORDS = st.tuples(st.sampled_from(["a", "b", "c", "", None]), st.integers(-HORIZON_MS, 2 * HORIZON_MS))
STEPS = st.lists(st.tuples(st.lists(RECORDS, max_size=6), st.sampled_from(["go on", "commit", "reopen"])), max_size=8)


@settings(max_examples=40)
@given(steps=STEPS)
def test_ids_count_once_in_a_sliding_day(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[list[tuple[str | None, int]], str]]
) -> None:
    """None stands for poison, which moves the time on and is not remembered; an empty id is never a duplicate."""
    directory, model, now = tmp_path_factory.mktemp("ids"), Duplicates(), NOW
    task = opened(directory)
    for records, then in steps:
        start, times, expected = task.reached(SOURCE).next_offset, [], []
        for id, passed in records:
            now += passed // 4
            times.append(now)
            at = model.time(SOURCE, 0, now)
            if id is not None and not model.seen(SOURCE, 0, id, at):
                expected.append(id)
                model.remember(SOURCE, 0, id, at)
        decoded = [POISON if id is None else movement(id) for id, _ in records]
        assert put_stock(unit(task, start, decoded, times=times)) == expected
        if then != "go on" and task.pending:
            commit(task)
        if then == "reopen":
            if task.pending:
                commit(task)
            task.close()
            task = opened(directory)
    task.close()


def test_poison_becomes_a_letter_and_its_neighbours_are_unharmed(task: Task) -> None:
    assert put_stock(unit(task, 0, [movement("e0"), POISON, movement("e2")], times=[NOW, NOW + 5, NOW])) == ["e0", "e2"]
    (send,) = task.pending.sends
    assert (send.topic, send.partition, send.key, send.value) == (f"{SOURCE}-dlt", 7, b"k", b"v")
    letter = read_headers(send.headers)
    assert letter is not None
    assert (letter.reason, letter.error, letter.topic) == (POISON.reason, POISON.error, SOURCE)
    assert (letter.partition, letter.offset, letter.attempts, letter.timestamp) == (7, 1, 1, NOW + 5)
    assert task.reached(SOURCE).time == NOW + 5


def test_the_id_of_a_buried_event_is_not_remembered(task: Task) -> None:
    first = unit(task, 0, [movement("e0"), movement("e0"), movement("e1")])
    given = []
    for event in first.events():
        given.append(event.event_id)
        if event.event_id == "e0":
            first.bury("unmatched-refund", "status")
    assert given == ["e0", "e0", "e1"]
    assert [read_headers(send.headers).offset for send in task.pending.sends] == [0, 1]
    assert put_stock(unit(task, 3, [movement("e0"), movement("e1"), movement("e0")])) == ["e0"]


def test_what_is_undecided_goes_to_a_retry_topic_with_its_partition_s_time(task: Task) -> None:
    put_stock(unit(task, 0, [movement("e0")], times=[NOW + 9]))
    one = unit(task, 1, [movement("e1"), movement("e1"), movement("e2")], times=[NOW, NOW + 20, NOW + 10])
    given = []
    for event in one.events():
        given.append(event.event_id)
        if event.event_id == "e1":
            one.retry("not-yet", "status")
    assert given == ["e1", "e1", "e2"]
    assert [(send.topic, send.partition, send.key, send.value) for send in task.pending.sends] == [
        (f"{SOURCE}-retry-1", 7, b"k", b"v")
    ] * 2
    assert [read_origin(send.headers, SOURCE) for send in task.pending.sends] == [
        Origin(SOURCE, 7, 1, NOW, NOW + 9, 1),
        Origin(SOURCE, 7, 2, NOW + 20, NOW + 20, 1),
    ]
    assert +task.pending.counts.retries == {SOURCE: 2}
    assert not +task.pending.counts.dead_letters
    assert put_stock(unit(task, 4, [movement("e1"), movement("e2")])) == ["e1"]


def test_an_ignored_event_is_remembered_and_counted(task: Task) -> None:
    count = movement("c1", "COUNT", 5)
    put_stock(unit(task, 0, [count, count, count._replace(event_id="c2", occurred_at=NOW - 1), POISON]))
    put_stock(unit(task, 4, [count._replace(event_id="c2", occurred_at=NOW + 1)]))
    counts = task.pending.counts
    assert counts.consumed == {SOURCE: 5}
    assert counts.applied == {(SOURCE, "COUNT"): 1}
    assert counts.ignored == {(SOURCE, Ignored.STALE_COUNT): 1}
    assert counts.duplicates == {SOURCE: 2}
    assert counts.dead_letters == {(SOURCE, POISON.reason): 1}
    assert counts.timestamps == [NOW] * 5


def test_outputs_go_to_the_partition_of_their_key(task: Task) -> None:
    one = unit(task, 0, [movement("e0")])
    for _event in one.events():
        one.send("payment-completed", "B-1", b"out")
    assert task.pending.sends == [Send("payment-completed", partition_of(b"B-1", 6), b"B-1", b"out")]


def test_our_own_records_count_once_by_their_producer_s_position(task: Task) -> None:
    def given(start: int, *at: tuple[int, int, int]) -> list[tuple[int, int, int]]:
        events = [ReservationEvent("H", "R", 1, 2, 1, *one) for one in at]
        return [tuple(event[5:]) for event in unit(task, start, events, topic=RESERVATIONS).events()]

    assert given(0, (3, 10, 0), (3, 10, 1), (3, 10, 0), (5, 1, 0)) == [(3, 10, 0), (3, 10, 1), (5, 1, 0)]
    assert given(4, (3, 10, 1), (5, 2, 0)) == [(5, 2, 0)]
    commit(task)
    task.reset()
    task.promote()
    assert given(6, (5, 2, 0), (3, 9, 0), (3, 11, 0)) == [(3, 11, 0)]
    assert task.pending.counts.duplicates == {RESERVATIONS: 2}


def in_columns(ids: list[str], times: list[int]) -> Movements:
    count = len(ids)
    at = np.array(times, np.int64)
    names = [id.encode() for id in ids]
    codes, ones = np.full(count, KINDS.index("RECEIPT")), np.ones(count, np.int64)
    columns = Columns(names, [b"S"] * count, [b"I"] * count, codes, ones, at, at)
    return Movements(columns, lambda: [movement(id) for id in ids])


LISTS = st.lists(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(-HORIZON_MS, 2 * HORIZON_MS)), min_size=1, max_size=4),
    max_size=8,
)


@settings(max_examples=40)
@given(lists=LISTS)
def test_in_columns_the_same_counts_as_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, lists: list[list[tuple[str, int]]]
) -> None:
    """Each list comes at once where nothing in it was seen before, else one by one; never both."""
    directory = tmp_path_factory.mktemp("ways")
    singly, together = opened(directory / "singly"), opened(directory / "together")
    for drawn in lists:
        ids, times = [id for id, _ in drawn], [NOW + passed // 4 for _, passed in drawn]
        start = singly.reached(SOURCE).next_offset
        expected = put_stock(unit(singly, start, [movement(id) for id in ids], times=times))
        one = unit(together, start, in_columns(ids, times), times=times)
        at_once = [event.event_id for batch in one.batches() for event in batch]
        given = put_stock(one)
        assert [*at_once, *given] == expected
        assert not (at_once and given)
        assert at_once == expected or len(expected) < len(ids) or given == expected
        assert together.sources == singly.sources
        assert (together.pending.times, together.pending.digests) == (singly.pending.times, singly.pending.digests)
        assert together.pending.counts.duplicates == singly.pending.counts.duplicates
        assert together.pending.counts.timestamps == singly.pending.counts.timestamps
    singly.close()
    together.close()


def test_a_batch_left_early_or_not_next_finishes_nothing(task: Task) -> None:
    for _batch in unit(task, 0, in_columns(["e0"], [NOW])).batches():
        break
    assert (bool(task.pending), task.reached(SOURCE).next_offset) == (False, 0)
    assert list(unit(task, 3, in_columns(["e3"], [NOW])).batches()) == []
    assert task.gaps == {SOURCE}
