from collections import Counter

from tests.simulation.many import summary


def test_a_summary_counts_faults_by_kind_and_points() -> None:
    happened = Counter({"crash at write": 2, "crash at done EndTxnRequest": 1, "cut": 3})
    assert list(summary(happened, 1_234, 7_200.0)) == [
        "1,234 commits, 2.0 simulated hours; faults at 2 points:",
        "crash 3, cut 3",
    ]
