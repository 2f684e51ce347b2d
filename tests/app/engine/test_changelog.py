import json

from hypothesis import given
from hypothesis import strategies as st

from app.engine.changelog import Position, SourcePosition, ids_key, ids_number

OFFSETS = st.integers(0, 2**63 - 1)
POSITIONS = st.builds(
    Position,
    sources=st.dictionaries(st.text(max_size=20), st.builds(SourcePosition, OFFSETS, OFFSETS), max_size=3),
    upstream=st.dictionaries(st.integers(0, 11), st.tuples(OFFSETS, st.integers(0, 1)), max_size=12),
    ids=OFFSETS,
)


@given(POSITIONS)
def test_a_position_comes_back(position: Position) -> None:
    assert Position.decode(position.encode()) == position


def test_a_position_can_be_read_by_people() -> None:
    position = Position({"booking-events": SourcePosition(7, 1_700_000_000_000)}, {3: (41, 1)}, 2)
    found = json.loads(position.encode())
    assert found["sources"] == {"booking-events": [7, 1_700_000_000_000]}
    assert (found["upstream"], found["ids"]) == ({"3": [41, 1]}, 2)


def test_nothing_stored_is_the_beginning() -> None:
    assert Position.decode(None) == Position({}, {}, 0)


@given(one=OFFSETS, other=OFFSETS)
def test_id_records_sort_by_number(one: int, other: int) -> None:
    assert ids_number(ids_key(one)) == one
    assert (ids_key(one) < ids_key(other)) == (one < other)
