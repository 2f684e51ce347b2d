"""Windows, drawn: a character is a pane, its number how many events fell into it, a dot none."""

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.windows import HOURS, MINUTES, NEVER, Block, Pane, Panes, PaneSize, compose, horizon

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def blocks(drawn: str) -> list[Block]:
    return [Block(n, "", [int(count)]) for n, count in enumerate(drawn) if count != "."]


def drawn(blocks: Iterable[Block], starts: Iterable[int], size: int) -> dict[int, str]:
    """Each window's sum, under its start."""
    return {window.start: f"{window.end}:{window.parts[''][0]}" for window in compose(blocks, starts, size)}


def test_tumbling_windows_stand_side_by_side() -> None:
    #             0  3  6  9
    panes = blocks("11.2..4.31")
    #             [2 )[2 )[7 )[1
    assert drawn(panes, range(0, 10, 3), 3) == {0: "3:2", 3: "6:2", 6: "9:7", 9: "12:1"}


def test_hopping_windows_share_panes() -> None:
    #              0 2 4 6
    panes = blocks("12.4..")
    #              [ 7)        0..4
    #                [ 4)      2..6
    #                  [)      4..8 holds nothing and is left out
    assert drawn(panes, range(0, 6, 2), 4) == {0: "4:7", 2: "6:4"}


def test_a_window_may_begin_before_the_first_pane_and_end_after_the_last() -> None:
    assert drawn(blocks("..5"), [-4, -2, 0, 2, 4], 5) == {-2: "3:5", 0: "5:5", 2: "7:5"}


def test_currencies_come_and_go_one_by_one() -> None:
    found = compose([Block(0, "EUR", [1]), Block(1, "USD", [2]), Block(2, "EUR", [4])], [0, 1, 2], 2)
    assert [window.parts for window in found] == [{"EUR": [1], "USD": [2]}, {"EUR": [4], "USD": [2]}, {"EUR": [4]}]


@given(
    st.lists(st.tuples(st.integers(-20, 40), st.sampled_from("ab"), st.integers(-9, 9)), max_size=30),
    st.integers(1, 30),
    st.integers(1, 10),
)
def test_a_window_is_the_sum_of_its_panes(panes: list[tuple[int, str, int]], size: int, step: int) -> None:
    found = list(compose([Block(start, part, [n]) for start, part, n in panes], range(-20, 40, step), size))
    for window in found:
        sums: Counter[str] = Counter()
        for start, part, n in panes:
            if window.start <= start < window.end:
                sums[part] += n
        assert window.parts == {part: [n] for part, n in sums.items()}
    assert [window.start for window in found] == [
        start for start in range(-20, 40, step) if any(start <= pane < start + size for pane, _, _ in panes)
    ]


class Loaded:
    """Panes that remember which they are."""

    def __init__(self, newest: int = NEVER) -> None:
        self.places: dict[int, tuple[PaneSize, int]] = {}
        self.panes = Panes(newest, self.load)

    def load(self, size: PaneSize, start: int) -> Pane:
        pane = Pane({}, {})
        self.places[id(pane.entries)] = size, start
        return pane

    def of(self, at: int) -> tuple[PaneSize, int] | None:
        self.panes.newest = max(self.panes.newest, at)
        return self.places.get(id(self.panes.of(at).entries))


#   ├──── 24 h ────┤  newest
#   [ pane )                     ends where the horizon is: kept
#  [ pane )                      ended before: late
@pytest.mark.parametrize(("size", "kept"), [(MINUTES, DAY), (HOURS, 35 * DAY)])
def test_a_pane_is_kept_until_it_ended_before_the_horizon(size: PaneSize, kept: int) -> None:
    end = 1_000 * HOUR
    start = end - size.span
    assert start >= horizon(size, end + kept)
    assert start < horizon(size, end + kept + 1)


def test_an_event_goes_to_its_minute_or_else_to_its_hour_or_nowhere() -> None:
    now = 2_000 * HOUR
    loaded = Loaded()
    assert loaded.of(now + 59_999) == (MINUTES, now)
    assert loaded.of(now - DAY) == (MINUTES, now - DAY)
    assert loaded.panes.late == 0
    assert loaded.of(now - DAY - 1) == (HOURS, now - DAY - HOUR)
    assert loaded.panes.late == 1
    assert loaded.of(now - 35 * DAY - 1) is None
    assert loaded.panes.late == 3


def test_late_is_said_at_the_moment_of_the_event() -> None:
    loaded = Loaded()
    assert loaded.of(10 * DAY) == (MINUTES, 10 * DAY)
    assert loaded.of(12 * DAY) == (MINUTES, 12 * DAY)
    assert loaded.of(10 * DAY) == (HOURS, 10 * DAY)
    assert loaded.panes.late == 1


def test_each_pane_is_loaded_once() -> None:
    loaded = Loaded()
    for at in (0, 59_999, 60_000, 1):
        loaded.of(at)
    assert sorted(start for _, start in loaded.places.values()) == [0, 60_000]
