"""What a run amounts to: faults by kind, how many were seen to have happened, and the longest time without progress."""

from statistics import median
from typing import Any, NamedTuple

from rich.table import Table

from tests.broker.kafka_log import SOURCES
from tests.chaos.group_log import GroupLog
from tests.chaos.journal import Fault, Journal
from tests.chaos.load import Sent
from tests.chaos.settling import Settled

#: A partition with fewer commits than this had too little traffic to tell when it stood still.
COMMITS_MIN = 20
AFTER_S = 5.0  # what a fault does may begin when it is already over


class Line(NamedTuple):
    """One kind of fault in one scenario; stalls in seconds: of the worst partition, over all faults of the kind."""

    scenario: str
    fault: str
    injected: int
    effective: int
    longest_stall_s: float
    median_stall_s: float
    partition: str


class Outcome(NamedTuple):
    """One scenario, played and compared."""

    scenario: str
    seconds: float
    rebalances: int
    settled: Settled
    lines: list[Line]

    @property
    def rate(self) -> float:
        """Events a second that were sent."""
        return self.settled.sent.records / max(self.settled.sent.seconds, 0.001)


def outcome(scenario: str, seconds: float, journal: Journal, log: GroupLog, settled: Settled) -> Outcome:
    """Sum up a scenario."""
    kinds = dict.fromkeys(fault.kind for fault in journal.faults)
    lines = [_line(scenario, kind, [f for f in journal.faults if f.kind == kind], log) for kind in kinds]
    return Outcome(scenario, seconds, len(log.generations), settled, lines)


def unfinished(scenario: str, seconds: float, error: Exception) -> Outcome:
    """A scenario that could not be played to its end: nothing of it counts, and that is a difference."""
    why = f"not played to its end: {type(error).__name__}: {error}"
    return Outcome(scenario, seconds, 0, Settled(Sent(0, {}, 0.0), 0, 0, 0, 0, [why]), [])


def _line(scenario: str, kind: str, faults: list[Fault], log: GroupLog) -> Line:
    places = [place for place, commits in log.commits.items() if place[0] in SOURCES and len(commits) >= COMMITS_MIN]
    worst = [
        max(((log.longest_gap(place, f.began, f.ended + AFTER_S), place) for place in places), default=(0.0, ("", 0)))
        for f in faults
        if f.is_effective
    ]
    longest = max(worst, default=(0.0, ("", 0)))
    return Line(
        scenario=scenario,
        fault=kind,
        injected=len(faults),
        effective=sum(fault.is_effective for fault in faults),
        longest_stall_s=round(longest[0], 2),
        median_stall_s=round(median(gap for gap, _ in worst), 2) if worst else 0.0,
        partition=f"{longest[1][0]}-{longest[1][1]}",
    )


def table(outcomes: list[Outcome]) -> Table:
    """For people."""
    shown = Table("scenario", "fault", "injected", "effective", "longest stall, s", "median, s", "partition")
    for each in outcomes:
        for line in each.lines:
            shown.add_row(*map(str, line))
        shown.add_section()
    return shown


def as_json(seed: int, outcomes: list[Outcome]) -> dict[str, Any]:
    """For machines."""
    return {
        "seed": seed,
        "totals": totals(outcomes),
        "scenarios": [
            {
                "scenario": each.scenario,
                "seconds": round(each.seconds, 1),
                "rebalances": each.rebalances,
                "events": each.settled.sent.records,
                "eventsPerSecond": round(each.rate),
                "refused": each.settled.sent.refused,
                "rowsCompared": each.settled.rows,
                "copiesCompared": each.settled.copies,
                "recordsWatched": each.settled.watched,
                "differences": each.settled.differences,
                "faults": [line._asdict() for line in each.lines],
            }
            for each in outcomes
        ],
    }


def totals(outcomes: list[Outcome]) -> dict[str, int]:
    """What counts against the numbers a full run must reach; effective faults only."""

    def count(*beginnings: str) -> int:
        return sum(line.effective for each in outcomes for line in each.lines if line.fault.startswith(beginnings))

    return {
        "workerKills": count("kill"),
        "rebalances": sum(each.rebalances for each in outcomes),
        "zombies": count("zombie"),
        "brokerKills": count("broker kill"),
        "damagedDirectories": count("damage"),
        "differences": sum(len(each.settled.differences) for each in outcomes),
    }
