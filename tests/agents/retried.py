"""A source and its retry topics in memory, read in any order by a real task: what commits count, what crashes drop."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from app.delivery.dead_letters import Headers, Letter
from app.delivery.dead_letters import read_headers as read_letter
from app.engine.breaker import Breaker
from app.engine.group import RETRIES
from app.engine.intake import Intake
from app.engine.pending import Counts
from app.engine.retry_unit import unit_of
from app.engine.task import Task
from tests.agents.driven import DECODERS, drive
from tests.app.engine.opened import NOW, commit


class Written(NamedTuple):
    """A record as the consumer hands it on."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Topics:
    """One partition of each; `log` is all of the source."""

    def __init__(self, task: Task, agent: Any, log: Sequence[Any]) -> None:
        self.task = task
        self._agent = agent
        self._source: str = "payment-events"
        self._records: dict[str, list[Written]] = {topic: [] for topic in RETRIES}
        self._records[self._source] = [Written(r.offset, r.timestamp, r.key, r.value, ()) for r in log]
        self.letters: list[Letter] = []
        self.completed: list[bytes | None] = []
        self.counts = Counts()

    async def step(self, step: str, count: int) -> None:
        """Read `count` records of the source or a retry topic, commit, or start over from what was committed."""
        if step == "commit":
            self._commit()
        elif step == "crash":
            self.task.reset()
            self.task.promote()
        else:
            await self._read(self._source if step == "source" else f"{self._source}-{step}", count)

    async def drain(self) -> None:
        """Read everything to its end, what that makes wait included."""
        self._commit()
        while any(self.task.reached(topic).next_offset < len(self._records[topic]) for topic in self._records):
            for topic in self._records:
                await self._read(topic, 1_000)
            self._commit()

    async def _read(self, topic: str, count: int) -> None:
        start = self.task.reached(topic).next_offset
        records = self._records[topic][start : start + count]
        reads = Intake(DECODERS, Breaker()).read(topic, start, start + len(records), records, partition=0)
        await drive(self._agent, [unit_of(self.task, read, lambda: None) for read in reads])

    def _commit(self) -> None:
        if not self.task.pending:
            return
        pending = self.task.pending
        commit(self.task)
        for send in pending.sends:
            letter = read_letter(send.headers)
            if letter is not None:
                self.letters.append(letter)
            elif send.topic in self._records:
                into = self._records[send.topic]
                into.append(Written(len(into), NOW, send.key, send.value, send.headers))
            else:
                self.completed.append(send.value)
        self.counts.applied = Counter(self.counts.applied + pending.counts.applied)
