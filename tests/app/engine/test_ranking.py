from operator import attrgetter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.engine import ranking
from app.engine.keys import KeyFormat
from app.engine.ranking import IndexNotReady, Lowest, Ranking

CEILING = 20
RANKING = Ranking("low", "inventory", KeyFormat(b"\xf2", (int, str, str)), attrgetter("on_hand"), CEILING, "")
ROW = KeyFormat(b"s", (str, str))
NOTES = st.lists(st.tuples(st.integers(0, 25), st.integers(-3, 24)), max_size=120)


def key(n: int) -> bytes:
    return ROW.pack(f"store-{n % 3}", f"item-{n:02}")


def expected(model: dict[bytes, int], below: int, limit: int) -> list[tuple[int, str, str]]:
    """Score and parts of the lowest of all rows, sorted the slow way."""
    low = sorted((score, *ROW.unpack(row)) for row, score in model.items() if score < below)
    return low[:limit]


def answer(lowest: Lowest, below: int, limit: int) -> list[tuple[object, ...]]:
    found = lowest.scan(RANKING.prefix(below)[0], limit)
    return [RANKING.parts(entry) for entry, _ in found]


@settings(max_examples=200)
@given(
    notes=NOTES, at_once=st.integers(0, 40), kept=st.integers(2, 8),
    below=st.integers(-4, CEILING + 1), limit=st.integers(1, 8),
)  # fmt: skip
def test_it_answers_as_a_sort_of_everything_would(
    notes: list[tuple[int, int]], at_once: int, kept: int, below: int, limit: int
) -> None:
    """Noted one by one (0), or so many at once: it may be cut in the middle of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "_KEPT", kept)
        lowest, model = Lowest(RANKING), dict[bytes, int]()
        for first in range(0, len(notes), at_once or 1):
            part = {key(n): score for n, score in notes[first : first + (at_once or 1)]}
            model |= part
            if at_once:
                lowest.note_all(part)
            else:
                lowest.note(*part.popitem())
        try:
            found = answer(lowest, below, limit)
        except IndexNotReady:
            assume(False)
        assert found == expected(model, below, limit)


@settings(max_examples=200)
@given(notes=NOTES, kept=st.integers(2, 8), asked=st.integers(1, 4))
def test_where_it_is_not_short_it_always_answers(notes: list[tuple[int, int]], kept: int, asked: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "_KEPT", kept)
        patch.setattr(ranking, "_ASKED_MAX", asked)
        lowest = Lowest(RANKING)
        for n, score in notes:
            lowest.note(key(n), score)
        assume(not lowest.is_short)
        for limit in range(1, asked + 1):
            answer(lowest, CEILING + 1, limit)


def test_when_too_many_have_risen_it_says_so_and_never_leaves_one_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "_KEPT", 4)
    monkeypatch.setattr(ranking, "_ASKED_MAX", 2)
    lowest = Lowest(RANKING)
    for n in range(9):
        lowest.note(key(n), n)
    assert not lowest.is_short
    assert [score for score, *_ in answer(lowest, CEILING + 1, 4)] == [0, 1, 2, 3]
    for n in range(3):
        lowest.note(key(n), 100)
    assert lowest.is_short
    assert [score for score, *_ in answer(lowest, CEILING + 1, 1)] == [3]
    with pytest.raises(IndexNotReady):
        answer(lowest, CEILING + 1, 2)


def test_ties_are_cut_by_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "_KEPT", 3)
    lowest = Lowest(RANKING)
    for n in reversed(range(7)):
        lowest.note(key(n), 5)
    assert answer(lowest, 6, 2) == [(5, *ROW.unpack(one)) for one in sorted(map(key, range(7)))[:2]]


@given(NOTES)
def test_rows_below_a_score_are_counted(notes: list[tuple[int, int]]) -> None:
    lowest = Lowest(RANKING)
    for n, score in notes:
        lowest.note(key(n), score)
    assert lowest.count_below(0) == sum(1 for score in dict(notes).values() if score < 0)


def test_entries_look_like_an_index_s() -> None:
    assert RANKING.parts(RANKING.key(-2, "S", "I")) == (-2, "S", "I")
    start, stop = RANKING.prefix(-2)
    assert start <= RANKING.key(-2, "S", "I") < stop


@pytest.mark.parametrize("risen", [0, 9])
def test_a_row_that_rises_in_the_step_that_cuts(monkeypatch: pytest.MonkeyPatch, risen: int) -> None:
    """Row 0 is among those that stay, row 9 among those that are cut off."""
    monkeypatch.setattr(ranking, "_KEPT", 2)
    lowest = Lowest(RANKING)
    lowest.note_all({key(0): 1, key(9): 9})
    lowest.note_all({key(1): 2, key(2): 3, key(3): 4, key(risen): CEILING + 1})
    left = [n for n in (0, 1) if n != risen]
    assert answer(lowest, 3, len(left)) == [(n + 1, *ROW.unpack(key(n))) for n in left]
    assert lowest.count_below(CEILING) == len(left)
