from types import SimpleNamespace
from typing import Any

from app.engine.changelog import POSITION_KEY, Position, SourcePosition, ids_key
from app.simulator.verification.changelog import State

TOPIC = "inventory-events"


def position(next_offset: int, ids: int, upstream: dict[int, tuple[int, int]] | None = None) -> Any:
    value = Position({TOPIC: SourcePosition(next_offset, 0)}, upstream or {}, ids).encode()
    return SimpleNamespace(key=POSITION_KEY, value=value)


def row(key: bytes, value: bytes | None = b"v") -> Any:
    return SimpleNamespace(key=key, value=value)


def folded(state: State, *records: Any) -> State:
    for record in records:
        state.feed(record)
    return state


def test_the_last_value_of_a_key_is_its_row() -> None:
    state = folded(
        State({}, {}),
        row(b"sA"),
        row(b"sB"),
        row(ids_key(1), b"ids"),
        position(5, 1),
        row(b"sA", b"w"),
        row(b"sB", None),
        position(9, 2),
    )
    assert state.rows == {b"sA": b"w"}
    assert (state.next_offset(TOPIC), state.next_offset("elsewhere")) == (9, 0)
    assert not state.is_older(b"sA")


def test_rows_changed_before_the_source_begins_are_older() -> None:
    state = folded(
        State({TOPIC: 7}, {}),
        row(b"sA"),
        position(5, 1),
        row(b"sB"),
        position(9, 2),
        row(b"sC"),
        row(b"sB"),
        position(12, 3),
    )
    # The second commit took offsets 5 to 8: some of them are gone.
    assert [state.is_older(key) for key in (b"sA", b"sB", b"sC")] == [True, True, False]


def test_nights_changed_by_reservations_before_the_bookings_begin_are_older() -> None:
    state = folded(
        State({}, {3: 100}),
        row(b"aA"),
        position(0, 0, {3: (50, 0), 4: (1, 0)}),
        row(b"aB"),
        position(0, 0, {3: (50, 0), 4: (9, 0)}),
        row(b"aC"),
        position(0, 0, {3: (120, 1), 4: (9, 0)}),
        row(b"aD"),
        position(0, 0, {3: (121, 0), 4: (9, 0)}),
    )
    # The third commit may hold what happened between offsets 50 and 120 of partition 3.
    assert [state.is_older(key) for key in (b"aA", b"aB", b"aC", b"aD")] == [True, False, True, False]


def test_where_compaction_took_the_beginning_every_row_may_be_older() -> None:
    cut = folded(State({TOPIC: 7}, {}), row(b"sA"), position(50, 12))
    assert cut.older is None
    assert cut.is_older(b"sZ")
    whole = folded(State({}, {}), row(b"sA"), position(50, 12))
    assert not whole.is_older(b"sA")
