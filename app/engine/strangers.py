"""Transactions that workers which are gone have left open: whoever takes their partitions ends them."""

import logging
from typing import Any

from app.engine.ledgers import FAILURES, abandon
from app.engine.task import Task

log = logging.getLogger(__name__)


class Strangers:
    """Ends each writer's transaction once: one that is alive after all starts over, and must not be refused again."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._spared: set[str] = {""}

    def spare(self, writers: set[str]) -> None:
        """A new assignment: these are members, and their transactions their own business."""
        self._spared = {"", self._engine.tasks.writer} | writers

    async def end_of(self, task: Task) -> None:
        """End what the last owner of a task left open: it is no member any more, or would not have left it so long."""
        if await self.end(task.committed.writer):
            log.info("Ended what the last owner of %s-%d left open", *task.id)

    async def end_each(self, tasks: list[Task]) -> None:
        """End what last owners that are no members left open, on topics too that nobody restores from."""
        for task in tasks:
            await self.end_of(task)

    async def end(self, writer: str) -> bool:
        """Have Kafka abort what a writer left open and refuse it from then on; False where that was not done."""
        if writer in self._spared or not self._engine.ledger.fenced:
            return False
        self._spared.add(writer)
        producer = self._engine.transactional_producer(writer)
        try:
            await producer.start()
        except FAILURES:
            self._spared.discard(writer)
            return False
        finally:
            await abandon(producer)
        return True
