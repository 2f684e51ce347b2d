"""The breaker: records that end the process are found across restarts, and buried unread after some deaths.

    a list of records ──death──▶ each of them by itself ──death──▶ this one ──death──▶ dead letter `kills-worker`

A death counts for every record that was being worked on. A record is buried after DEATHS of them, all but the first
while it was worked on alone: kill -9, a machine short of memory, or a crash elsewhere would have to hit the same record
over and over within the microseconds it takes. Deaths are counted for each data directory.
"""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from app.domain.poison import KILLS_WORKER, Poison
from app.engine.group import INTERNAL_SOURCES
from app.engine.in_work import InWork, Stretch

DEATHS: Final = 3
_ALONE: Final = DEATHS - 1
#: Deaths that are remembered; the oldest are forgotten first.
_REMEMBERED = 300

log = logging.getLogger(__name__)


class Breaker:
    """What this worker died of, and what follows for what it reads."""

    def __init__(self) -> None:
        self.in_work = InWork()
        #: Of a thread beside the event loop.
        self.beside = InWork()
        self._deaths: list[Stretch] = []
        self._file: Path | None = None

    def open(self, directory: Path) -> None:
        """Take up the deaths of a data directory's workers, the last one's included."""
        self._file = directory / "deaths"
        try:
            if self._file.exists():
                self._deaths = msgspec.json.decode(self._file.read_bytes(), type=list[Stretch])
        except msgspec.DecodeError:
            log.warning("%s can't be read: deaths of workers are counted anew", self._file)
        try:
            found = [self.in_work.open(directory / "in-work"), self.beside.open(directory / "in-work-beside")]
        except OSError as error:
            log.warning("Records that end the process can't be found: %s", error.strerror)
            return
        for at in found:
            if at is not None:
                log.error("The last process died while it worked on %s-%d, offsets %d to %d", *at[:3], at.stop - 1)
                self._deaths = [*self._deaths, at][-_REMEMBERED:]
                self._save()

    def close(self) -> None:
        """A clean end: nothing is in work."""
        self.in_work.close()
        self.beside.close()

    def passed(self, topic: str, partition: int, offset: int) -> None:
        """A partition is read from this offset on: what lies before it is decided."""
        left = [at for at in self._deaths if (at.topic, at.partition) != (topic, partition) or at.stop > offset]
        if len(left) < len(self._deaths):
            self._deaths = left
            self._save()

    def pieces(
        self, topic: str, partition: int, records: Sequence[Any], most: int
    ) -> Iterator[tuple[Sequence[Any], Poison | None]]:
        """The records in lists of at most `most`; those under suspicion alone, perhaps with why not to read them."""
        suspect = [at for at in self._deaths if (at.topic, at.partition) == (topic, partition)]
        if not suspect or topic in INTERNAL_SOURCES:
            for first in range(0, len(records), most):
                yield records[first : first + most], None
            return
        held: list[Any] = []
        for record in records:
            deaths = [at for at in suspect if at.start <= record.offset < at.stop]
            if held and (deaths or len(held) == most):
                yield held, None
                held = []
            if deaths:
                yield [record], _verdict(deaths)
            else:
                held.append(record)
        if held:
            yield held, None

    def _save(self) -> None:
        assert self._file is not None
        new = self._file.with_name("deaths.new")
        try:
            new.write_bytes(msgspec.json.encode(self._deaths))
            new.replace(self._file)
        except OSError as error:
            log.warning("Deaths of workers can't be remembered: %s", error.strerror)


def _verdict(deaths: Sequence[Stretch]) -> Poison | None:
    alone = sum(1 for at in deaths if at.stop - at.start == 1)
    if len(deaths) < DEATHS or alone < _ALONE:
        return None
    return Poison(KILLS_WORKER, f"value: the worker died {len(deaths)} times when it read this record")
