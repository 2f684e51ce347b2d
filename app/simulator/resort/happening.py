"""One event and when it happened."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from app.simulator.encoding import Event, key_of

DAY = 86_400_000
HOUR = 3_600_000
MINUTE = 60_000


class Happening(NamedTuple):
    """An event at its occurredAt, epoch milliseconds; number is its row's, 0 for events of no row."""

    at: int
    topic: str
    event: Event
    number: int = 0
    region: str = ""

    @property
    def key(self) -> bytes:
        """The key its producer gives it."""
        return key_of(self.topic, self.event, self.region)


def in_order(happenings: Iterable[Happening]) -> list[Happening]:
    """By time; what happened at once stays as it was."""
    return sorted(happenings, key=lambda happening: happening.at)


def lines(happenings: Iterable[Happening]) -> Iterable[dict[str, Any]]:
    """Lines of an event file."""
    for each in happenings:
        yield {"topic": each.topic, "key": each.key.decode(), "value": each.event, "timestamp": each.at}
