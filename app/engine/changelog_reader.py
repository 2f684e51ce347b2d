"""Reads changelog partitions, for restore and standbys: a consumer of its own, outside the group, read committed."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from time import monotonic
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from app.engine.clients import start_all, stop_all
from app.engine.offsets import end_offsets
from app.engine.slim_records import WHOLE
from app.engine.task import Task, TaskId
from app.engine.topic_ids import topic_ids

_POLL_RECORDS_MAX = 4_000
_FETCH_BYTES_MAX = 1 << 20
#: A fetch that waits at the broker holds back the next one, which may be about other copies.
_FETCH_WAIT_MS = 50


def changelog_of(task: Task) -> TopicPartition:
    """The changelog partition of a task."""
    return TopicPartition(task.changelog, task.partition)


class ChangelogReader:
    """Three clients that live as long as the broker answers: records, ends, and who the broker is."""

    def __init__(self, client_options: Callable[[], dict[str, Any]]) -> None:
        options = {**client_options(), "enable_auto_commit": False, "auto_offset_reset": "earliest"}
        self._records = AIOKafkaConsumer(
            **options,
            isolation_level="read_committed",
            key_deserializer=WHOLE,
            fetch_max_wait_ms=_FETCH_WAIT_MS,
            max_partition_fetch_bytes=_FETCH_BYTES_MAX,
        )
        self._ends = AIOKafkaConsumer(**options)
        self._admin = AIOKafkaAdminClient(**client_options())
        self._blocked_since: dict[TaskId, float] = {}
        self._follows = False

    @classmethod
    async def connected(cls, client_options: Callable[[], dict[str, Any]]) -> Self:
        """A reader that is connected; raises KafkaError."""
        reader = cls(client_options)
        await reader.start()
        return reader

    async def start(self) -> None:
        """Connect; raises KafkaError."""
        await start_all(self._records, self._ends, self._admin)

    async def ends(self, tasks: Iterable[Task]) -> dict[TaskId, int]:
        """Ends of the changelogs, open transactions included."""
        wanted = {changelog_of(task): task.id for task in tasks}
        found = await end_offsets(self._admin, self._ends, list(wanted)) if wanted else {}
        return {wanted[tp]: offset for tp, offset in found.items()}

    async def ids(self, tasks: Iterable[Task]) -> dict[str, bytes]:
        """Kafka's ids of the changelogs, by name: a changelog made anew has another one."""
        return await topic_ids(self._admin, {task.changelog for task in tasks})

    def follow(self, tasks: list[Task], *, but_not: Collection[Task] = ()) -> None:
        """Read these copies' changelogs from where each copy is, and nothing else; some of them only when told to."""
        self._blocked_since.clear()
        self._follows = bool(tasks)
        if not tasks:
            self._records.pause(*self._records.assignment())
            return
        self._records.assign([changelog_of(task) for task in tasks])
        for task in tasks:
            self._records.seek(changelog_of(task), task.store.changelog_offset)
            if task in but_not:
                self.leave(task)

    def follow_again(self, task: Task) -> None:
        """Read one copy's changelog from where the copy is now; the others go on."""
        self._blocked_since.pop(task.id, None)
        self._records.seek(changelog_of(task), task.store.changelog_offset)
        self._records.resume(changelog_of(task))

    def leave(self, task: Task) -> None:
        """Read a copy's changelog no further: from now on this worker writes it."""
        self._records.pause(changelog_of(task))

    async def poll(self, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        """Some committed records by partition."""
        if not self._follows:
            await asyncio.sleep(timeout_ms / 1000)
            return {}
        found: dict[TopicPartition, list[Any]] = await self._records.getmany(
            timeout_ms=timeout_ms, max_records=_POLL_RECORDS_MAX
        )
        return found

    async def has_reached(self, task: Task, end: int) -> bool:
        """Whether a copy is at an end; the reader also passes transaction markers, which are no records."""
        if task.store.changelog_offset >= end:
            return True
        return bool(await self._records.position(changelog_of(task)) >= end)

    async def blocked_s(self, task: Task) -> float:
        """For how long an open transaction has kept a copy from going on; 0 where none does."""
        stable = self._records.last_stable_offset(changelog_of(task))
        if stable is None or await self._records.position(changelog_of(task)) < stable:
            self._blocked_since.pop(task.id, None)
            return 0.0
        return monotonic() - self._blocked_since.setdefault(task.id, monotonic())

    def behind(self, task: Task) -> int | None:
        """Records a copy is behind the last stable offset as of the last answer; None before the first one."""
        tp = changelog_of(task)
        subscribed = self._records._subscription.subscription
        followed = subscribed is not None and tp in subscribed.assignment.tps
        state = subscribed.assignment.state_value(tp) if followed else None
        if state is None or state.lso is None or not state.has_valid_position:
            return None
        return max(0, int(state.lso - state.position))

    async def close(self) -> None:
        """Disconnect."""
        await stop_all(self._records, self._ends, self._admin)
