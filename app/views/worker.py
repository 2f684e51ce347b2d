"""What the HTTP side asks of the worker it runs in: the engine's App is one, and so is whatever a test builds."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from aiohttp import web

from app.metrics.observer import Observer
from app.settings import Settings


class Owners(Protocol):
    """Base URLs of the workers that hold a task, as the last assignment says; it may be stale."""

    @property
    def active(self) -> str | None:
        """The owner."""
        ...

    @property
    def standbys(self) -> Sequence[str]:
        """Holders of further copies."""
        ...


class Task(Protocol):
    """One partition of a group held by this worker; role is active or standby, reads see committed rows only."""

    @property
    def group(self) -> str:
        """Name of the group."""
        ...

    @property
    def partition(self) -> int:
        """Number of the partition."""
        ...

    @property
    def role(self) -> str:
        """active or standby."""
        ...

    @property
    def ready(self) -> bool:
        """Restored; a standby: caught up once."""
        ...

    @property
    def positions(self) -> Mapping[str, int]:
        """By source topic the next offset of the committed state."""
        ...

    @property
    def store(self) -> Any:
        """Its files; store.indexed says whether the index entries are complete."""
        ...

    def read(self, table: Any, key: bytes) -> Any:
        """The committed row of a key, or None."""
        ...

    def scan(self, table: Any, start: bytes, stop: bytes, limit: int) -> list[tuple[bytes, Any]]:
        """Committed rows or index entries in key order, stop excluded."""
        ...


class Tasks(Protocol):
    """The tasks this worker holds now, active and standby."""

    def get(self, group: str, partition: int) -> Task | None:
        """The copy held here, or None."""
        ...

    def held(self) -> Iterable[Task]:
        """All copies held here."""
        ...


class Worker(Protocol):
    """The running worker: its tasks, what it knows of the others, and how far the topics go.

    in_touch is worked out when it is read: False once the group was not reached for a session timeout. The offset maps
    are keyed by (topic, partition) and at most a second or so old; group_offsets are the group's committed offsets.
    agents and tables are Faust's own, by name.
    """

    @property
    def settings(self) -> Settings:
        """The settings it started with."""
        ...

    @property
    def observer(self) -> Observer:
        """Its metrics."""
        ...

    @property
    def tasks(self) -> Tasks:
        """Its copies."""
        ...

    @property
    def agents(self) -> Mapping[str, Any]:
        """Agents by name."""
        ...

    @property
    def tables(self) -> Mapping[str, Any]:
        """Tables by name."""
        ...

    @property
    def own_url(self) -> str:
        """What others reach it by."""
        ...

    @property
    def in_touch(self) -> bool:
        """Whether the group was reached within a session timeout."""
        ...

    @property
    def moving(self) -> bool:
        """Whether its group is making a new assignment."""
        ...

    @property
    def warmed(self) -> bool:
        """Whether the copies it was to warm up when it came were ready once."""
        ...

    @property
    def stopped(self) -> Collection[tuple[str, int, str]]:
        """Topic, partition and reason of what stands still here."""
        ...

    @property
    def start_offsets(self) -> Mapping[tuple[str, int], int]:
        """First offsets still in the log."""
        ...

    @property
    def end_offsets(self) -> Mapping[tuple[str, int], int]:
        """Ends of the logs."""
        ...

    @property
    def group_offsets(self) -> Mapping[tuple[str, int], int]:
        """The group's committed offsets."""
        ...

    def fleet_map(self) -> Mapping[Any, Owners]:
        """Who holds which (group, partition)."""
        ...

    async def latest_end(self, topic: str, partition: int) -> int:
        """The end offset as the broker says it now; raises when it can't be had."""
        ...


#: Where handlers find the worker in the web application.
WORKER: web.AppKey[Worker] = web.AppKey("worker")
