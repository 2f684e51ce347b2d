"""What a fuzzer makes of the corpus: the decoders never raise, and judge as the reference model does."""

from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.poison import REASONS
from tests.hostile.corpus import TOPICS
from tests.hostile.fuzz import BASES, TELLING, TIMESTAMPS, edited, judged, run

EXAMPLES = 200
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 4), st.sampled_from(TELLING) | st.binary(max_size=6)), max_size=3
)


@st.composite
def lists(draw: Any) -> tuple[str, list[Any]]:
    topic = draw(st.sampled_from(TOPICS))
    made = draw(st.lists(st.tuples(st.sampled_from(BASES[topic]), EDITS), min_size=1, max_size=40))
    return topic, [
        SimpleNamespace(offset=n, timestamp=draw(st.sampled_from(TIMESTAMPS)), key=key, value=edited(value, edits))
        for n, ((key, value), edits) in enumerate(made)
    ]


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
@given(lists())
def test_decoders_judge_whatever_a_fuzzer_makes_as_the_reference_does(made: tuple[str, list[Any]]) -> None:
    judged(*made)


def test_good_neighbours_are_unharmed_by_any_of_thousands() -> None:
    tried = run(seed=1, seconds=0, at_least=2_000)
    assert tried.total() >= 2_000
    assert tried.keys() >= {"", *REASONS} - {"unmatched-refund", "kills-worker"}
