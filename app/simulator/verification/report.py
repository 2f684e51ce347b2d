"""What a verification found."""

from collections import Counter
from dataclasses import dataclass, field

from app.simulator.verification.comparing import Difference

STRAYS_NAMED = 20


@dataclass
class Report:
    """Differences, rows compared and left out by table, sources that begin late, and keys in a wrong partition."""

    differences: list[Difference] = field(default_factory=list)
    compared: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    late_starts: dict[tuple[str, int], int] = field(default_factory=dict)
    strays: dict[tuple[str, int, bytes], int] = field(default_factory=dict)

    def stray(self, topic: str, partition: int, key: bytes, *, belongs: int) -> None:
        """A key that lies in `partition` and belongs into another one."""
        self.strays[topic, partition, key] = belongs
