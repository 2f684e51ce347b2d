from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from app.domain.windows import HOURS, MINUTES
from app.views.parameters import Query
from app.views.responses import Problem
from app.views.spans import NAMES, Spans, spans

MINUTE, HOUR = 60_000, 3_600_000


def asked(query: str) -> Spans:
    request: Any = SimpleNamespace(rel_url=URL(f"/?{query}", encoded=True))
    return spans(Query(request, *NAMES))


def test_windows_start_at_multiples_of_step_within_from_and_to() -> None:
    found = asked(f"from={MINUTE + 1}&to={5 * MINUTE}&size=2m&step=1m")
    assert (list(found.starts), found.size) == ([2 * MINUTE, 3 * MINUTE, 4 * MINUTE], 2 * MINUTE)
    assert list(asked(f"from={MINUTE}&to={5 * MINUTE}&size=2m").starts) == [2 * MINUTE, 4 * MINUTE]
    assert list(asked("from=-1&to=1&size=1d").starts) == [0]
    assert asked("from=1&to=2&size=1d").whole == (0, 0)


@pytest.mark.parametrize(
    ("size", "step", "panes", "block"),
    [("1h", "1h", HOURS, HOUR), ("1d", "6h", HOURS, 6 * HOUR), ("60m", "60m", HOURS, HOUR),
     ("1h", "30m", MINUTES, HOUR // 2), ("90m", "1h", MINUTES, HOUR // 2), ("1d", "1m", MINUTES, MINUTE),
     ("15m", "10m", MINUTES, 5 * MINUTE)],
)  # fmt: skip
def test_windows_of_whole_hours_are_made_of_hours(size: str, step: str, panes: Any, block: int) -> None:
    found = asked(f"from=0&to=1000000&size={size}&step={step}")
    assert (found.panes, found.block) == (panes, block)


@given(st.integers(0, 10**7), st.integers(1, 10**7), st.integers(1, 300), st.integers(1, 300))
def test_blocks_never_cross_a_window_s_edge(first: int, length: int, size: int, step: int) -> None:
    size, step = max(size, step), min(size, step)
    found = asked(f"from={first}&to={first + length}&size={size}m&step={step}m")
    assert all(edge % found.block == 0 for start in found.starts for edge in (start, start + found.size))
    assert all(first <= start < first + length for start in found.starts)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("to=1&size=1m", "from"), ("from=0&size=1m", "to"), ("from=0&to=1", "size"), ("from=1&to=1&size=1m", "from"),
        ("from=2&to=1&size=1m", "from"), ("from=x&to=1&size=1m", "from"), ("from=0&to=1.5&size=1m", "to"),
        ("from=0&to=1&size=1m&step=2m", "step"), ("from=0&to=1&size=0m", "size"), ("from=0&to=1&size=1", "size"),
        ("from=0&to=1&size=1s", "size"), ("from=0&to=1&size=-1m", "size"), ("from=0&to=1&size=1m&step=", "step"),
        ("from=0&to=1&size=1M", "size"), ("from=0&to=1&size=1%D9%A1m", "size"), ("from=0&to=1&size=1m&size=1m", "size"),
        (f"from=0&to={10_000 * MINUTE + 1}&size=1m", "to"), ("from=0&to=1&size=1m&hop=1m", "hop"),
        ("from=0&to=1&size=9999999999d", "size"),
    ],
)  # fmt: skip
def test_what_is_refused_is_named(query: str, parameter: str) -> None:
    with pytest.raises(Problem) as refused:
        asked(query)
    assert (refused.value.status, refused.value.members["parameter"]) == (400, parameter)


def test_ten_thousand_windows_are_answered() -> None:
    assert len(asked(f"from=0&to={10_000 * MINUTE}&size=1m").starts) == 10_000
