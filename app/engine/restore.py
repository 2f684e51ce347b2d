"""Restore: brings each assigned partition's copy up to the end of its changelog, and keeps standbys there.

Takes the place of Faust's Recovery. A consumer outside the group reads the changelogs, so partitions whose state is
complete (at the changelog's end, open transactions included) go on while others restore. After a rebalance what stayed
goes on untouched; what was gained comes first, standbys after it.
"""

import asyncio
from time import monotonic
from typing import Any

from aiokafka.errors import KafkaError
from faust.types import TP
from mode import Service

from app.engine.assignor import NO_PLAN, Plan
from app.engine.changelog_reader import ChangelogReader
from app.engine.group import GROUP_BY_NAME, GROUP_OF_CHANGELOG
from app.engine.lasting import lasting
from app.engine.reindex import Reindexer
from app.engine.repair import Repair
from app.engine.store_failure import StoreFailed
from app.engine.strangers import Strangers
from app.engine.task import Task, TaskId
from app.engine.warming import Warming

_POLL_MS = 50
#: A copy further behind than this is written without its indexes; they are made when it has caught up.
_BULK_RECORDS_MIN = 20_000
#: How long an open transaction of a member may keep a partition from its changelog's end before its writer is refused.
_PATIENCE_S = 0.5
#: How long standbys wait for active partitions to be restored, at most; and for them to catch up on what came in.
_FIRST_S, _CATCH_UP_S = 5.0, 2.0


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
        self._holding = True
        self._seat = NO_PLAN.mine
        self._untidy, self._began_at = False, 0.0  # whether standbys are to be opened, or copies to be closed
        self.warming = Warming()
        self._strangers = Strangers(self.engine)
        self._reader: ChangelogReader | None = None
        self._reindexer = Reindexer()
        self._repair = Repair(app, self.engine)

    def moved(self, plan: Plan) -> None:
        """A new assignment: nothing more is started under the old one."""
        self._seat, self.ends = plan.mine, {}
        self.warming.moved(plan.mine.warming)
        self._strangers.spare({seat.writer for seat in plan.seats})
        self.completed.clear()

    def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Nothing: what is lost, the new assignment says."""

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Streams know the new assignment too: begin."""
        self._holding = False
        self._assigned.set()

    def hold(self) -> None:
        """Start nothing more: the worker ends."""
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
    @lasting
    async def _restore_loop(self) -> None:
        while not self.should_stop:
            try:
                if self._assigned.is_set():
                    self._assigned.clear()
                    await self._begin()
                await self._step()
            except KafkaError as error:
                self.log.warning("Restore waits for the broker: %s", type(error).__name__)
                await self.on_stop()
                self._assigned.set()
                await asyncio.sleep(1.0)

    async def _begin(self) -> None:
        """Open what is to be active, see how far each copy has to go, and read from where each is."""
        if self._holding:
            return
        for id in sorted(self._seat.active):
            self._repair.open(id)
            await asyncio.sleep(0)
        self._reader = self._reader or await ChangelogReader.connected(self.engine.client_options)
        await self._follow()
        await self.engine.ledger.prepare()  # step D
        if not self._holding:
            await self._resume_flow()
        held, seat = self.engine.tasks.held(), self._seat
        self._untidy = {task.id for task in held} != seat.active | seat.standby
        self._began_at = monotonic() if seat.active else 0.0
        self.add_future(self._strangers.end_each([task for task in held if task.id in seat.active]))
        await self._promote()

    async def _follow(self) -> None:
        """Read the changelogs of all copies but those that are active already."""
        reader, seat = self._reader, self._seat
        assert reader is not None
        copies = [task for task in self.engine.tasks.held() if task.id in seat.active | seat.standby]
        behind = [task for task in copies if not _runs(task)]
        await self.engine.committer.outcome(behind)
        ends, ids = await reader.ends(behind), await reader.ids(behind)  # step B
        if self._seat is not seat:
            return  # asked under the old assignment: what its owners have added since is not in there
        self.ends = ends
        for task in behind:
            self._repair.check(task, ends[task.id], ids.get(task.changelog, b""))
            if self.remaining(task) > _BULK_RECORDS_MIN:
                task.store.indexed = False
        reader.follow(copies, but_not=set(copies) - set(behind))  # step C
        self.log.info("Restoring %d records of %d partitions", sum(map(self.remaining, behind)), len(behind))

    async def _tidy(self) -> None:
        """All that is active runs, or takes long: close the copies that went elsewhere, and open the standbys."""
        self._untidy = False
        tasks, seat = self.engine.tasks, self._seat
        for task in tasks.held():
            if task.id not in seat.active | seat.standby:
                tasks.close(task.id)
                await asyncio.sleep(0)
        for id in sorted(seat.standby):
            self._repair.open(id)
            await asyncio.sleep(0)
        if not self._assigned.is_set():
            await self._follow()

    async def _resume_flow(self) -> None:
        """Let Faust's consumer and streams run; each partition stays paused until it is promoted."""
        app = self.app
        await app.on_rebalance_complete.send()
        if not app.flow_control.is_active():
            app.flow_control.resume()
            app.consumer.resume_flow()
        await app._fetcher.maybe_start()

    async def _step(self) -> None:
        """One look at the changelogs."""
        if self._repair.must_begin():
            self._assigned.set()
            return
        if self._untidy and monotonic() - self._began_at > (_CATCH_UP_S if self.completed.is_set() else _FIRST_S):
            await self._tidy()
        if self._reader is None or not self.engine.tasks.held():
            await self.wait_first(self._assigned.wait(), self._stopped.wait(), timeout=1.0)
            return
        for task in self.engine.tasks.held():
            if task.ready:
                self._reindexer.want(task)
        seat, ends = self._seat, await self._repair.mend(self._reader)
        if self._seat is seat:
            self.ends |= ends
        busy = self._reindexer.step()
        found = await self._reader.poll(0 if busy else _POLL_MS)
        await asyncio.sleep(0)
        for tp, records in found.items():
            task = self.engine.tasks.get(GROUP_OF_CHANGELOG[tp.topic].name, tp.partition)
            if task is not None and not _runs(task):
                self._apply(task, records)
        await self._promote()
        if not self._untidy:
            await self.warming.look(self._reader, self.engine.tasks.held(), self.app.consumer.rejoin)

    def _apply(self, task: Task, records: list[Any]) -> None:
        rows = {record.key: record.value for record in records}
        try:
            task.apply(rows, records[-1].offset + 1, self._reindexer.entries(task, rows))
        except StoreFailed:
            task.halt()

    async def _promote(self) -> None:
        """Start what is complete: actives are read from their position on, standbys answer."""
        reader, ends, seat = self._reader, self.ends, self._seat
        if reader is None or self._holding or self._assigned.is_set() or self.should_stop:
            return
        for task in self.engine.tasks.held():
            is_active = task.id in seat.active
            if _runs(task) or (task.ready and not is_active) or task.id not in ends or task.store.failure is not None:
                continue
            has_reached = await reader.has_reached(task, ends[task.id])
            # Another assignment may have come meanwhile, or the task was reset; the end is another one then.
            if self.ends is not ends or self._holding or self._assigned.is_set():
                return
            if has_reached:
                await self._start(reader, task)
            elif is_active and await reader.blocked_s(task) > _PATIENCE_S:
                await self._strangers.end_of(task)
        if not self.completed.is_set() and all(_runs(self.engine.tasks.get(*id)) for id in seat.active):
            self.completed.set()
            self.engine.settled()
            self.app.tables.on_actives_ready()
            self.app.tables.on_standbys_ready()
            self.log.info("Worker ready: %d active, %d standby partitions", len(seat.active), len(seat.standby))

    async def _start(self, reader: ChangelogReader, task: Task) -> None:
        task.ready = True
        self._reindexer.want(task)
        if task.id in self._seat.active:
            reader.leave(task)
            try:
                task.promote()  # step E
            except StoreFailed:
                task.halt()
                return
            sources = GROUP_BY_NAME[task.group].sources
            offsets = {TP(topic, task.partition): task.reached(topic).next_offset for topic in sources}
            for tp, offset in offsets.items():
                self.engine.breaker.passed(*tp, offset)
            await self.app.consumer.start_at(offsets)

    async def on_stop(self) -> None:
        """Close the clients."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()


def _runs(task: Task | None) -> bool:
    """Whether a task is read and written here."""
    return task is not None and task.role == "active" and task.ready
