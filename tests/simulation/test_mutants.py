"""The simulation itself: an engine with one step broken must not pass."""

from collections.abc import Callable

import pytest

from tests.simulation.many import seeds_to_find
from tests.simulation.mutants import MUTANTS

SEEDS_MAX = 300


@pytest.mark.parametrize("name", [mutant.__name__ for mutant in MUTANTS])
def test_a_broken_engine_is_found(name: str, record_property: Callable[[str, object], None]) -> None:
    taken = seeds_to_find(name, SEEDS_MAX)
    assert taken is not None, f"{SEEDS_MAX} seeds show nothing wrong"
    record_property("seeds", taken)
    print(f"{name}: found after {taken} seeds")
