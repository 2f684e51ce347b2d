"""The engine in simulated trouble: nothing lost, doubled, reordered or torn, whatever the seed."""

import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.simulation.faults import AT_POINTS, BY_CLOCK
from tests.simulation.world import Result, simulate

pytestmark = pytest.mark.scenario

SEEDS = 100


def failures(results: list[Result]) -> list[str]:
    return [f"seed {r.seed}: {dict(r.happened)}: {problem}" for r in results for problem in r.problems]


def test_whatever_goes_wrong_everything_counts_once() -> None:
    results = [simulate(seed) for seed in range(SEEDS)]
    assert failures(results) == []
    happened: Counter[str] = Counter()
    for result in results:
        happened += result.happened
    actions = Counter(name.split(" at ")[0] for name in happened.elements())
    # Every kind of fault struck, at many points; a run without commits would show nothing.
    assert actions.keys() >= AT_POINTS.keys() | BY_CLOCK.keys()
    assert sum(" at " in name for name in happened) > 40
    assert sum(result.commits for result in results) > 10 * SEEDS


def test_a_seed_is_the_same_run_again_in_any_process() -> None:
    code = "from tests.simulation.world import simulate; print(simulate(7).digest)"
    environment = {**os.environ, "PYTHONHASHSEED": "77"}
    elsewhere = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
    ).stdout.strip()
    assert simulate(7).digest == simulate(7).digest == elsewhere
    assert simulate(8).digest != elsewhere
