"""Restore: brings each assigned partition's copy up to the end of its changelog, and keeps standbys there.

Takes the place of Faust's Recovery. A consumer of its own, outside the group, reads the changelogs, so that source
partitions whose state is complete go on while others restore. An active partition is complete when its copy has
reached the changelog's end, open transactions included: as long as a stranger's transaction is open there, the
partition waits.
"""

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from faust.types import TP
from mode import Service

from app.engine.group import GROUP_BY_NAME, GROUP_OF_CHANGELOG
from app.engine.offsets import end_offsets
from app.engine.reindex import Reindexer
from app.engine.slim_records import AS_PARSED
from app.engine.task import Task, TaskId

_POLL_MS = 200
_POLL_RECORDS_MAX = 4_000
_FETCH_BYTES_MAX = 1 << 20
#: A copy further behind than this is written without its indexes; they are made when it has caught up.
_BULK_RECORDS_MIN = 20_000


class Restore(Service):  # type: ignore[misc]
    """Restores active and standby partitions and follows the changelogs of standbys."""

    in_recovery = False

    def __init__(self, app: Any, tables: Any, **options: Any) -> None:
        super().__init__(**options)
        self.app = app
        self.engine = app.engine
        self.completed = asyncio.Event()
        self.ends: dict[TP, int] = {}
        self._assigned = asyncio.Event()
        self._generation = 0
        self._holding = True
        self._actives: set[TaskId] = set()
        self._standbys: set[TaskId] = set()
        self._reader: AIOKafkaConsumer | None = None
        self._high_waters: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None
        self._reindexer = Reindexer()

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
        return max(0, self.ends.get(TP(task.changelog, task.partition), 0) - task.store.changelog_offset)

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
                await self._drop_clients()
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
            engine.tasks.open(id)
            await asyncio.sleep(0)
        await self._start_clients()
        self.ends = await self._end_offsets([engine.tasks.get(*id) for id in wanted])
        for task in engine.tasks.held():
            self._check(task)
        self._assign_reader()
        remaining = sum(map(self.remaining, engine.tasks.held()))
        self.log.info("Restoring %d records of %d partitions", remaining, len(wanted))
        if generation == app.consumer_generation_id and not self._holding:
            await self._resume_flow()
        await self._promote()

    def _check(self, task: Task) -> None:
        remaining = self.remaining(task)
        # A commit's marker may still be on its way to the changelog, hence the one.
        if task.store.changelog_offset > self.ends[TP(task.changelog, task.partition)] + 1:
            self.log.warning("%s-%d on disk is newer than its changelog: it is rebuilt", *task.id)
            task.rebuild()
        if remaining > _BULK_RECORDS_MIN:
            task.store.indexed = False

    def _assign_reader(self) -> None:
        assert self._reader is not None
        tasks = self.engine.tasks.held()
        self._reader.assign([TopicPartition(task.changelog, task.partition) for task in tasks])
        for task in tasks:
            self._reader.seek(TopicPartition(task.changelog, task.partition), task.store.changelog_offset)

    async def _resume_flow(self) -> None:
        """Let Faust's consumer and streams run again; each partition stays paused until it is promoted."""
        app = self.app
        await app.on_rebalance_complete.send()
        app.flow_control.resume()
        app.consumer.resume_flow()
        await app._fetcher.maybe_start()
        app.on_rebalance_end()

    async def _step(self) -> None:
        """One look at the changelogs."""
        if self._reader is None or not self.engine.tasks.held():
            await self.wait_first(self._assigned.wait(), self._stopped.wait(), timeout=1.0)
            return
        for task in self.engine.tasks.held():
            if task.ready:
                self._reindexer.want(task)
        busy = self._reindexer.step()
        found = await self._reader.getmany(timeout_ms=0 if busy else _POLL_MS, max_records=_POLL_RECORDS_MAX)
        await asyncio.sleep(0)
        for tp, records in found.items():
            task = self.engine.tasks.get(GROUP_OF_CHANGELOG[tp.topic].name, tp.partition)
            if task is not None and not (task.role == "active" and task.ready):
                self._apply(task, records)
        await self._promote()

    def _apply(self, task: Task, records: list[Any]) -> None:
        rows = {record.key: record.value for record in records}
        task.apply(rows, records[-1].offset + 1, self._reindexer.entries(task, rows))

    async def _promote(self) -> None:
        """Start what is complete: actives are read from their position on, standbys answer."""
        if self._holding or self._assigned.is_set() or self.should_stop:
            return
        for task in self.engine.tasks.held():
            waiting = not task.ready or (task.id in self._actives and task.role != "active")
            if waiting and await self._is_complete(task) and not self._holding:
                await self._start(task)
        if not self.completed.is_set() and all(self._is_started(id) for id in self._actives):
            self.completed.set()
            self.app.tables.on_actives_ready()
            self.app.tables.on_standbys_ready()
            self.log.info("Worker ready: %d active, %d standby partitions", len(self._actives), len(self._standbys))

    def _is_started(self, id: TaskId) -> bool:
        task = self.engine.tasks.get(*id)
        return task is not None and task.ready and task.role == "active"

    async def _is_complete(self, task: Task) -> bool:
        tp = TP(task.changelog, task.partition)
        if task.store.changelog_offset >= self.ends[tp]:
            return True
        assert self._reader is not None
        # The reader's position also passes transaction markers, which are no records.
        return bool(await self._reader.position(TopicPartition(*tp)) >= self.ends[tp])

    async def _start(self, task: Task) -> None:
        task.ready = True
        self._reindexer.want(task)
        if task.id in self._actives:
            assert self._reader is not None
            self._reader.pause(TopicPartition(task.changelog, task.partition))
            task.promote()
            sources = GROUP_BY_NAME[task.group].sources
            await self.app.consumer.start_at(
                {TP(topic, task.partition): task.reached(topic).next_offset for topic in sources}
            )

    async def _start_clients(self) -> None:
        if self._reader is None:
            options = {**self.engine.client_options(), "enable_auto_commit": False, "auto_offset_reset": "earliest"}
            self._reader = AIOKafkaConsumer(
                **options,
                isolation_level="read_committed",
                key_deserializer=AS_PARSED,
                max_partition_fetch_bytes=_FETCH_BYTES_MAX,
            )
            self._high_waters = AIOKafkaConsumer(**options)
            self._admin = AIOKafkaAdminClient(**self.engine.client_options())
            await asyncio.gather(self._reader.start(), self._high_waters.start(), self._admin.start())

    async def _end_offsets(self, tasks: list[Task]) -> dict[TP, int]:
        assert self._high_waters is not None
        assert self._admin is not None
        wanted = [TopicPartition(task.changelog, task.partition) for task in tasks]
        # Read uncommitted, so that open transactions count as well.
        found = await end_offsets(self._admin, self._high_waters, wanted) if wanted else {}
        return {TP(tp.topic, tp.partition): offset for tp, offset in found.items()}

    async def _drop_clients(self) -> None:
        clients, admin = (self._reader, self._high_waters), self._admin
        self._reader = self._high_waters = self._admin = None
        for client in clients:
            if client is not None:
                await client.stop()
        if admin is not None:
            await admin.close()

    async def on_stop(self) -> None:
        """Close the clients."""
        await self._drop_clients()


def _task_ids(tps: set[TP]) -> set[TaskId]:
    return {TaskId(GROUP_OF_CHANGELOG[tp.topic].name, tp.partition) for tp in tps if tp.topic in GROUP_OF_CHANGELOG}
