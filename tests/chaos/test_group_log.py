"""Times without progress, out of what Kafka noted."""

import pytest

from tests.chaos.group_log import Committed, GroupLog

PLACE = ("inventory-events", 0)
LOG = GroupLog({PLACE: [Committed(at, int(at)) for at in (1.0, 2.0, 6.0, 7.0, 7.5)]}, [])


@pytest.mark.parametrize(
    ("began", "ended", "gap"),
    [(0.0, 10.0, 4.0), (3.0, 4.0, 4.0), (0.0, 1.5, 1.0), (6.5, 6.6, 1.0), (7.2, 9.0, 0.5), (8.0, 9.0, 0.0)],
)
def test_the_longest_time_between_two_commits_that_a_fault_overlaps(began: float, ended: float, gap: float) -> None:
    assert LOG.longest_gap(PLACE, began, ended) == gap


def test_a_partition_nobody_committed_has_no_gap() -> None:
    assert LOG.longest_gap(("inventory-events", 1), 0.0, 10.0) == 0.0
