"""What was done to the system, and whether it was seen to have happened."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Fault:
    """One fault; times are epoch seconds. It counts as effective only where `evidence` says what was seen."""

    kind: str
    began: float
    ended: float = 0.0
    evidence: str = ""

    @property
    def is_effective(self) -> bool:
        """Whether it was seen to have happened."""
        return bool(self.evidence)


class Journal:
    """The faults of a scenario, in the order they began."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    @contextmanager
    def fault(self, kind: str) -> Iterator[Fault]:
        """A fault from now until the block ends; the block says what it saw."""
        fault = Fault(kind, time.time())
        self.faults.append(fault)
        try:
            yield fault
        finally:
            fault.ended = time.time()

    def effective(self, *prefixes: str) -> int:
        """How many faults of kinds with these beginnings were seen to have happened."""
        return sum(fault.is_effective and fault.kind.startswith(prefixes) for fault in self.faults)
