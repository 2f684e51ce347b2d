"""Restore: brings each assigned partition's copy up to the end of its changelog, and keeps standbys there.

Takes the place of Faust's Recovery. A consumer of its own, outside the group, reads the changelogs, so that source
partitions whose state is complete go on while others restore. An active partition is complete when its copy has
reached the changelog's end, open transactions included: as long as a stranger's transaction is open there, the
partition waits.
"""

import asyncio
from typing import Any

from aiokafka.errors import KafkaError
from faust.types import TP
from mode import Service

from app.engine.changelog_reader import ChangelogReader
from app.engine.group import GROUP_BY_NAME, GROUP_OF_CHANGELOG
from app.engine.ledgers import abandon
from app.engine.reindex import Reindexer
from app.engine.repair import Repair
from app.engine.store_failure import StoreFailed
from app.engine.task import Task, TaskId

_POLL_MS = 200
#: A copy further behind than this is written without its indexes; they are made when it has caught up.
_BULK_RECORDS_MIN = 20_000
#: How long an open transaction may keep a partition from its changelog's end before its writer is refused.
_PATIENCE_S = 0.5


class Restore(Service):  # type: ignore[misc]
    """Restores active and standby partitions and follows the changelogs of standbys."""

    in_recovery = False

    def __init__(self, app: Any, tables: Any, **options: Any) -> None:
        super().__init__(**options)
        self.app = app
        self.engine = app.engine
        self.completed = asyncio.Event()
        self.ends: dict[TaskId, int] = {}
        self._assigned = asyncio.Event()
        self._generation = 0
        self._holding = True
        #: Transactional ids that are not to be ended, or were.
        self._ended: set[str] = set()
        self._actives: set[TaskId] = set()
        self._standbys: set[TaskId] = set()
        self._reader: ChangelogReader | None = None
        self._reindexer = Reindexer()
        self._repair = Repair(app, self.engine)

    def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Nothing yet: the consumer commits what is finished and the engine demotes the tasks."""

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Take note of the new assignment; the work is done by the restore loop."""
        self._generation = generation_id
        self._actives = _task_ids(self.app.assignor.assigned_actives())
        self._standbys = _task_ids(self.app.assignor.assigned_standbys()) - self._actives
        self.completed.clear()
        self._holding = False
        self._assigned.set()

    def hold(self) -> None:
        """Start nothing more: the partitions are about to move, or the worker ends."""
        self._holding = True

    def again(self) -> None:
        """Restore tasks that were reset, under the same assignment."""
        self._assigned.set()

    def remaining(self, task: Task) -> int:
        """Changelog records that a copy still lacks, as of the last look at the end."""
        return max(0, self.ends.get(task.id, 0) - task.store.changelog_offset)

    def behind(self, task: Task) -> int:
        """Changelog records that a standby copy lacks now."""
        found = None if self._reader is None else self._reader.behind(task)
        return self.remaining(task) if found is None else found

    @Service.task
    async def _restore_loop(self) -> None:
        while not self.should_stop:
            try:
                if self._assigned.is_set():
                    self._assigned.clear()
                    await self._begin()
                await self._step()
            except KafkaError as error:
                self.log.warning("Restore waits for the broker: %s", type(error).__name__)
                await self._drop_reader()
                self._assigned.set()
                await asyncio.sleep(1.0)

    async def _begin(self) -> None:
        """Open the assigned copies, see how far each has to go, and read from where each is."""
        app, engine, generation = self.app, self.engine, self._generation
        if self._holding:
            return
        engine.ledger.membership = await app.consumer.membership()
        wanted = self._actives | self._standbys
        for task in engine.tasks.held():
            if task.id not in wanted:
                engine.tasks.close(task.id)
        for id in sorted(wanted):
            self._repair.open(id)
            await asyncio.sleep(0)
        reader = self._reader = self._reader or await self._new_reader()
        await engine.ledger.prepare()
        self._ended = {"", engine.tasks.writer}
        self.ends = await reader.ends(engine.tasks.held())
        ids = await reader.ids(engine.tasks.held())
        for task in engine.tasks.held():
            self._repair.check(task, self.ends[task.id], ids.get(task.changelog, b""))
            if self.remaining(task) > _BULK_RECORDS_MIN:
                task.store.indexed = False
        reader.follow(engine.tasks.held())
        remaining = sum(map(self.remaining, engine.tasks.held()))
        self.log.info("Restoring %d records of %d partitions", remaining, len(wanted))
        if generation == app.consumer_generation_id and not self._holding:
            await self._resume_flow()
        await self._promote()

    async def _resume_flow(self) -> None:
        """Let Faust's consumer and streams run again; each partition stays paused until it is promoted."""
        app = self.app
        await app.on_rebalance_complete.send()
        app.flow_control.resume()
        app.consumer.resume_flow()
        await app._fetcher.maybe_start()
        if app.rebalancing:
            app.on_rebalance_end()

    async def _step(self) -> None:
        """One look at the changelogs."""
        if self._repair.must_begin():
            self._assigned.set()
            return
        if self._reader is None or not self.engine.tasks.held():
            await self.wait_first(self._assigned.wait(), self._stopped.wait(), timeout=1.0)
            return
        for task in self.engine.tasks.held():
            if task.ready:
                self._reindexer.want(task)
        self.ends |= await self._repair.mend(self._reader)
        busy = self._reindexer.step()
        found = await self._reader.poll(0 if busy else _POLL_MS)
        await asyncio.sleep(0)
        for tp, records in found.items():
            task = self.engine.tasks.get(GROUP_OF_CHANGELOG[tp.topic].name, tp.partition)
            if task is not None and not (task.role == "active" and task.ready):
                self._apply(task, records)
        await self._promote()

    def _apply(self, task: Task, records: list[Any]) -> None:
        rows = {record.key: record.value for record in records}
        try:
            task.apply(rows, records[-1].offset + 1, self._reindexer.entries(task, rows))
        except StoreFailed:
            task.halt()

    async def _promote(self) -> None:
        """Start what is complete: actives are read from their position on, standbys answer."""
        reader = self._reader
        if reader is None or self._holding or self._assigned.is_set() or self.should_stop:
            return
        for task in self.engine.tasks.held():
            waiting = not task.ready or (task.id in self._actives and task.role != "active")
            if not waiting or self._holding or task.store.failure is not None:
                continue
            if await reader.has_reached(task, self.ends[task.id]) and not self._holding:
                await self._start(reader, task)
            elif task.id in self._actives:
                await self._end_stranger(reader, task)
        if not self.completed.is_set() and all(self._is_started(id) for id in self._actives):
            self.completed.set()
            self.engine.settled()
            self.app.tables.on_actives_ready()
            self.app.tables.on_standbys_ready()
            self.log.info("Worker ready: %d active, %d standby partitions", len(self._actives), len(self._standbys))

    def _is_started(self, id: TaskId) -> bool:
        task = self.engine.tasks.get(*id)
        return task is not None and task.ready and task.role == "active"

    async def _new_reader(self) -> ChangelogReader:
        reader = ChangelogReader(self.engine.client_options)
        await reader.start()
        return reader

    async def _end_stranger(self, reader: ChangelogReader, task: Task) -> None:
        """End the transaction that the last owner left open, if it stands between this copy and the changelog's end.

        The last owner is no member any more, or it would have committed before the partition moved.
        """
        writer = task.committed.writer
        if await reader.blocked_s(task) > _PATIENCE_S and writer not in self._ended:
            self.log.info("Ending what the last owner of %s-%d left open", *task.id)
            # Once only: a writer that is alive after all starts over, and must not be refused again and again.
            self._ended.add(writer)
            producer = self.engine.transactional_producer(writer)
            try:
                await producer.start()
            finally:
                await abandon(producer)

    async def _start(self, reader: ChangelogReader, task: Task) -> None:
        task.ready = True
        self._reindexer.want(task)
        if task.id in self._actives:
            reader.leave(task)
            try:
                task.promote()
            except StoreFailed:
                task.halt()
                return
            sources = GROUP_BY_NAME[task.group].sources
            offsets = {TP(topic, task.partition): task.reached(topic).next_offset for topic in sources}
            for tp, offset in offsets.items():
                self.engine.breaker.passed(*tp, offset)
            await self.app.consumer.start_at(offsets)

    async def _drop_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()

    async def on_stop(self) -> None:
        """Close the clients."""
        await self._drop_reader()


def _task_ids(tps: set[TP]) -> set[TaskId]:
    return {TaskId(GROUP_OF_CHANGELOG[tp.topic].name, tp.partition) for tp in tps if tp.topic in GROUP_OF_CHANGELOG}
