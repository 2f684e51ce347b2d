"""What goes wrong in a run: a plan drawn from the seed, and what of it happened."""

from random import Random
from typing import NamedTuple

#: Steps of the commit protocol and of a restore, as a request's way shows them: before it is sent, when Kafka has done
#: it, when its answer arrives; then the write to disk.
REQUESTS = (
    "InitProducerIdRequest",
    "AddPartitionsToTxnRequest",
    "AddOffsetsToTxnRequest",
    "ProduceRequest",
    "TxnOffsetCommit",
    "EndTxnRequest",
)
RESTORES = ("Join", "Ends", "Fetch")
POINTS = (
    *[f"{way} {name}" for name in REQUESTS for way in ("send", "done", "answer")],
    *[f"{way} {name}" for name in RESTORES for way in ("done", "answer")],
    *["write", "written"] * 3,
)
#: Beyond the session timeout of 6 s: the worker wakes up as a zombie, before or after its transaction times out.
STALLS = ((0.5, 4.0), (6.5, 9.5), (6.5, 9.5), (6.5, 9.5), (10.5, 15.0))
#: Weights of what happens at a point, and by the clock.
AT_POINTS = {"crash": 5, "stall": 5, "lost": 3, "late": 3, "refused": 1, "fails": 2, "unreadable": 2}
BY_CLOCK = {
    "crash": 2, "stall": 2, "cut": 3, "join": 3, "leave": 3, "compact": 2, "unreadable": 2, "full": 2, "hijack": 1,
    "stranger": 1,
}  # fmt: skip


class Fault(NamedTuple):
    """One thing to go wrong from a time on: at the first point of that name, or at once; for so many seconds."""

    at: float
    action: str
    point: str | None
    seconds: float


def plan(rng: Random, *, faults: int, seconds: float) -> list[Fault]:
    """Faults in the order of their times."""
    found = []
    for at in sorted(rng.uniform(0.0, 0.75 * seconds) for _ in range(faults)):
        if rng.random() < 0.7:
            action = _drawn(rng, AT_POINTS)
            points = POINTS if action in ("crash", "stall") else _points_of(action)
            found.append(Fault(at, action, rng.choice(points), _seconds(rng)))
        else:
            found.append(Fault(at, _drawn(rng, BY_CLOCK), None, _seconds(rng)))
    return found


def _points_of(action: str) -> tuple[str, ...]:
    if action == "refused":
        return ("send ProduceRequest",)
    if action in ("fails", "unreadable"):
        # While a commit is under way whose records are not in the log yet, and take long to get there.
        return ("send AddPartitionsToTxnRequest", "done AddPartitionsToTxnRequest", "send ProduceRequest", "written")
    ways = ("send", "done") if action == "lost" else ("send",)
    # The end of a transaction is where an outcome is unknown.
    names = (*REQUESTS, *["EndTxnRequest"] * 3)
    return tuple(f"{way} {name}" for name in names for way in ways)


def _drawn(rng: Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def _seconds(rng: Random) -> float:
    return rng.uniform(*rng.choice(STALLS))
