"""Records that leave a unit without being applied, as their source record's bytes: tried again later, or dead."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from app.delivery import retries
from app.delivery.dead_letters import SUFFIX, letter
from app.delivery.retries import Origin
from app.engine.pending import Send


class _Buried(NamedTuple):
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Undecided(NamedTuple):
    """A record that can't be decided now, and what its dead letter would say."""

    record: Any
    reason: str
    error: str


class Leaving:
    """What leaves a unit: added to what it sends; the reasons of the dead ones, how many are tried again."""

    def __init__(self, source: str, sends: list[Send]) -> None:
        self.source = source
        self._sends = sends
        self.dead: list[str] = []
        self.retried = 0
        #: Sent when the unit is finished, for only then the times of its records are known.
        self.undecided: list[Undecided] = []

    def bury(self, what: Undecided, origin: Origin) -> None:
        """To the dead letters of the source."""
        record = _Buried(origin.partition, origin.offset, origin.timestamp, what.record.key, what.record.value)
        key, value, headers = letter(
            record, origin.topic, reason=what.reason, error=what.error, attempts=origin.attempts
        )
        self.dead.append(what.reason)
        self._sends.append(Send(self.source + SUFFIX, origin.partition, key, value, headers))

    def settle(self, records: Sequence[Any], before: int, origin_of: Callable[[Any, int], Origin]) -> None:
        """Each undecided record to its next retry topic; to the dead letters where there is none left.

        records are all of the unit, before is the highest timestamp (epoch ms) ahead of them.
        """
        if not self.undecided:
            return
        times = accumulate([record.timestamp for record in records], max, initial=before)
        at = dict(zip([record.offset for record in records], list(times)[1:], strict=True))
        for what in self.undecided:
            origin = origin_of(what.record, at[what.record.offset])
            topic = retries.next_topic(what.record, origin)
            if topic is None:
                self.bury(what, origin)
            else:
                self.retried += 1
                headers = retries.headers(origin)
                self._sends.append(Send(topic, origin.partition, what.record.key, what.record.value, headers))
