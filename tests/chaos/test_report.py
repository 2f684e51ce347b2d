"""What a run sums up to: only faults that were seen to have happened count."""

from collections import Counter

from tests.chaos.group_log import Committed, Generation, GroupLog
from tests.chaos.journal import Fault, Journal
from tests.chaos.load import Sent
from tests.chaos.report import COMMITS_MIN, as_json, outcome, totals, unfinished
from tests.chaos.settling import Settled

PLACE = ("inventory-events", 7)


def journal(*faults: Fault) -> Journal:
    made = Journal()
    made.faults += faults
    return made


def log(*times: float) -> GroupLog:
    busy = [Committed(at / 10, at) for at in range(COMMITS_MIN)]
    return GroupLog({PLACE: [*busy, *(Committed(at, int(at)) for at in times)]}, [Generation(1.0, 1)])


SETTLED = Settled(Sent(60_000, Counter(), 10.0), 60_000, 10, 10, 10, ["a row"])


def test_faults_without_evidence_are_injected_and_not_effective() -> None:
    faults = journal(Fault("kill at random", 5.0, 6.0, "gone"), Fault("kill at random", 7.0, 8.0), Fault("zombie", 9.0))
    found = outcome("crashes", 60.0, faults, log(), SETTLED)
    assert [(line.fault, line.injected, line.effective) for line in found.lines] == [
        ("kill at random", 2, 1),
        ("zombie", 1, 0),
    ]
    assert totals([found]) == {
        "workerKills": 1,
        "rebalances": 1,
        "zombies": 0,
        "brokerKills": 0,
        "damagedDirectories": 0,
        "differences": 1,
    }


def test_the_longest_stall_is_that_of_the_worst_partition_while_or_soon_after_a_fault() -> None:
    faults = journal(Fault("cut", 20.0, 21.0, "seen"), Fault("cut", 40.0, 41.0, "seen"))
    (line,) = outcome("network", 60.0, faults, log(19.0, 24.5, 27.0, 39.0, 42.0, 60.0), SETTLED).lines
    assert (line.longest_stall_s, line.median_stall_s, line.partition) == (18.0, 11.75, "inventory-events-7")


def test_json_says_what_the_table_says_and_the_seed() -> None:
    found = outcome("network", 60.0, journal(Fault("cut", 20.0, 21.0, "seen")), log(19.0, 24.5), SETTLED)
    said = as_json(7, [found])
    assert said["seed"] == 7
    (scenario,) = said["scenarios"]
    assert (scenario["events"], scenario["eventsPerSecond"], scenario["differences"]) == (60_000, 6_000, ["a row"])
    assert scenario["faults"][0]["longest_stall_s"] == 5.5


def test_a_scenario_without_an_end_is_a_difference_and_counts_for_nothing() -> None:
    found = unfinished("network", 60.0, AssertionError("not ready after 180 s"))
    (scenario,) = as_json(7, [found])["scenarios"]
    assert scenario["differences"] == ["not played to its end: AssertionError: not ready after 180 s"]
    assert totals([found])["differences"] == 1
    assert found.rate == 0
