"""The simulation itself: an engine with one step broken must not pass."""

from collections.abc import Callable

import pytest

from tests.simulation.many import seeds_to_find
from tests.simulation.mutants import MUTANTS

pytestmark = pytest.mark.scenario

SEEDS_MAX = 300
#: Where the search begins for those that took more than a few seeds from 0 on; what changes in the engine may move it.
FIRST = {
    "position_out_of_the_write_batch": 16,
    "offsets_before_the_acknowledgement": 11,
    "the_membership_is_the_latest": 14,
    "what_stayed_is_trusted_though_the_worker_was_out": 16,
    "the_end_of_a_transaction_is_sent_again": 96,
    "offsets_are_claimed_again": 2_586,
    "a_failed_commit_is_tried_again": 40,
    "a_refused_batch_is_overlooked": 19,
    "restore_stops_at_the_last_stable_offset": 31,
    "whatever_is_read_is_applied": 20,
}


@pytest.mark.parametrize("name", [mutant.__name__ for mutant in MUTANTS])
def test_a_broken_engine_is_found(name: str, record_property: Callable[[str, object], None]) -> None:
    taken = seeds_to_find(name, SEEDS_MAX, first=FIRST.get(name, 0))
    assert taken is not None, f"{SEEDS_MAX} seeds show nothing wrong"
    record_property("seeds", taken)
    print(f"{name}: found after {taken} seeds")
