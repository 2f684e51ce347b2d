"""Partitions that are not read for a while: until a record of a retry topic is due, or what a record needs can be had.

Nothing is kept of what was fetched: when a pause ends the partition is read again from the offset it stopped at, and
after a restart or a move from where its state is. A record's time to wait runs from its own timestamp.
"""

import asyncio
from time import monotonic, time
from typing import Any, NamedTuple

from faust.types import TP

from app.delivery.retries import due
from app.engine.group import GROUP_OF_SOURCE, RETRIES

#: A retry topic is not read again for every single record that falls due.
_PAUSE_S_MIN = 0.1


class Pause(NamedTuple):
    """Where reading goes on, and when (monotonic seconds)."""

    offset: int
    until_s: float


class Pauses:
    """The pauses of a consumer by source partition; a new one of a partition takes the place of the last."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._held: dict[TP, Pause] = {}
        self._changed = asyncio.Event()
        #: Records that waited their time by our clock, whatever it is for the worker that wrote them.
        self._waited: dict[TP, int] = {}

    def hold(self, tp: TP, offset: int, seconds: float) -> Pause:
        """Leave a partition alone for some time, then read on from an offset."""
        self._consumer.pause_partitions({tp})
        pause = self._held[tp] = Pause(offset, monotonic() + seconds)
        self._changed.set()
        return pause

    def holds(self, tp: TP, pause: Pause) -> bool:
        """Whether a partition still waits, for that reason."""
        return self._held.get(tp) is pause

    def drop(self, tp: TP) -> None:
        """Forget a partition's pause: it is read from elsewhere now."""
        self._held.pop(tp, None)

    def keep(self, tps: set[TP]) -> set[TP]:
        """Those of the partitions that are held; the pauses of all others are forgotten: they have moved."""
        self._held = {tp: pause for tp, pause in self._held.items() if tp in tps}
        return set(self._held)

    def due_part(self, tp: TP, fetched: Any) -> Any:
        """The part that is due of what was fetched from a retry topic; the rest is read again when it is."""
        records, delay_ms, now = fetched.records, RETRIES[tp.topic].delay_ms, int(time() * 1000)
        if records and records[0].offset == self._waited.pop(tp, None):
            now = max(now, records[0].timestamp + delay_ms)
        count, wait_ms = due(records, delay_ms, now)
        if count == len(records):
            return fetched
        first = records[count].offset
        self.hold(tp, first, max(wait_ms / 1000, _PAUSE_S_MIN))
        return fetched._replace(stop=first, records=records[:count])

    async def end_each(self) -> None:
        """Read on wherever a pause ends, for ever."""
        while True:
            self._changed.clear()
            now = monotonic()
            for tp in [tp for tp, pause in self._held.items() if pause.until_s <= now]:
                await self._end(tp)
            first = min((pause.until_s for pause in self._held.values()), default=None)
            try:
                await asyncio.wait_for(self._changed.wait(), None if first is None else max(first - monotonic(), 0))
            except TimeoutError:
                continue

    async def _end(self, tp: TP) -> None:
        pause = self._held.pop(tp)
        consumer = self._consumer
        task = consumer.engine.tasks.get(GROUP_OF_SOURCE[tp.topic].name, tp.partition)
        # A partition that has moved, or restores, begins where its state is when it is ready.
        if consumer.flow_active and task is not None and task.role == "active" and task.ready:
            self._waited[tp] = pause.offset
            await consumer.start_at({tp: pause.offset})
