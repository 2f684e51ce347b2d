"""The one Faust App: what it is made of, and the list of modules it loads."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

import faust
import uvloop
from faust.app.base import BootStrategy as FaustBootStrategy
from mode import Service

from app.engine.assignor import Owners, PartitionAssignor
from app.engine.engine import Engine
from app.engine.group import Group
from app.engine.intake import decoders
from app.engine.readings import read
from app.engine.registry.chosen import registry_of
from app.engine.table import RowTable
from app.engine.table_manager import TableManager
from app.engine.task import TaskId
from app.engine.worker import Worker
from app.metrics.observer import Observer
from app.settings import Settings, load

#: Loaded by name, so that an error in one of them ends the start instead of leaving a worker without agents.
MODULES = (
    "tables.stock",
    "tables.availability",
    "tables.bookings",
    "tables.payments",
    "tables.windows",
    "agents.inventory",
    "agents.reservations",
    "agents.bookings",
    "agents.payments",
    "app.views.install",
    "app.commands.topics",
    "app.commands.schemas",
    "app.commands.simulate",
    "app.commands.replay",
    "app.commands.dead_letters",
    "app.commands.verify",
)


class BootStrategy(FaustBootStrategy):  # type: ignore[misc]
    """Faust's own producer stays off: everything is sent by the commit."""

    enable_kafka_producer = False


class App(faust.App):  # type: ignore[misc]
    """Faust's App with the engine, and what the HTTP side asks of it."""

    BootStrategy = BootStrategy

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.observer = Observer()
        self._changelogs: dict[str, Any] = {}
        super().__init__(**faust_options(settings))
        self.registry = registry_of(settings)
        self.engine = Engine(self, settings, decoders=decoders(self.registry), observer=self.observer)
        self.observer.read_by(lambda: read(self.engine))

    def on_init_dependencies(self) -> list[Any]:
        """Faust's services, then ours: the engine starts last and stops first, after the last commit."""
        registry = [self.registry] if isinstance(self.registry, Service) else []
        return [*super().on_init_dependencies(), *registry, self.engine]

    def changelog_topic(self, group: Group) -> Any:
        """The changelog that all tables of a group share."""
        if group.name not in self._changelogs:
            self._changelogs[group.name] = self.topic(
                group.changelog, key_serializer="raw", value_serializer="raw", partitions=group.partitions, acks=False
            )
        return self._changelogs[group.name]

    @property
    def tasks(self) -> Any:
        """Partitions held by this worker."""
        return self.engine.tasks

    @property
    def own_url(self) -> str:
        """What other workers reach this one by."""
        return self.settings.url_of(self.conf.web_bind, self.conf.web_port)

    @property
    def in_touch(self) -> bool:
        """Whether the group answered within a session timeout."""
        return self.engine.in_touch

    @property
    def moving(self) -> bool:
        """Whether the group is making a new assignment: what is owned here may be another's in a moment."""
        return self.engine.moving

    @property
    def warmed(self) -> bool:
        """Whether the copies this worker was to warm up when it came were ready once."""
        return bool(self.tables.recovery.warming.done_once)

    @property
    def stopped(self) -> Collection[tuple[str, int, str]]:
        """Topic, partition and reason of what stands still here."""
        stopped: Collection[tuple[str, int, str]] = self.engine.stops.shown().keys()
        return stopped

    @property
    def start_offsets(self) -> Mapping[tuple[str, int], int]:
        """First offsets by (topic, partition)."""
        return self.engine.offsets.start_offsets

    @property
    def end_offsets(self) -> Mapping[tuple[str, int], int]:
        """Last stable offsets by (topic, partition)."""
        return self.engine.offsets.end_offsets

    @property
    def group_offsets(self) -> Mapping[tuple[str, int], int]:
        """Committed offsets of the group by (topic, partition)."""
        return self.engine.offsets.group_offsets

    def fleet_map(self) -> Mapping[TaskId, Owners]:
        """Who holds which partition, as of the last assignment."""
        owners: Mapping[TaskId, Owners] = self.assignor.owners()
        return owners

    async def latest_end(self, topic: str, partition: int) -> int:
        """A partition's last stable offset, asked now."""
        return await self.engine.offsets.latest_end(topic, partition)

    async def _on_agent_error(self, agent: Any, exc: BaseException) -> None:
        """An agent that fails finishes nothing: its partitions go back to their committed state and try again."""
        await super()._on_agent_error(agent, exc)
        self.engine.agent_failed(exc)

    def _create_directories(self) -> None:
        """app.engine.data_dir has made them."""


def faust_options(settings: Settings) -> dict[str, Any]:
    """Faust's settings: times are seconds."""
    return {
        "id": "stayshelf",
        "broker": "stayshelf://",
        "store": "memory://",
        "datadir": str(settings.data_dir.absolute() / "faust"),
        "origin": None,
        "autodiscover": list(MODULES),
        "Worker": Worker,
        "Table": RowTable,
        "TableManager": TableManager,
        "PartitionAssignor": PartitionAssignor,
        "table_standby_replicas": settings.standbys,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "consumer_group_instance_id": settings.instance_id,
        "consumer_auto_offset_reset": "earliest",
        # The embedded broker makes a join wait for longer than this.
        "broker_session_timeout": 4.0 if settings.embedded else 6.0,
        "broker_heartbeat_interval": 0.1,
        "broker_rebalance_timeout": 4.0 if settings.embedded else 10.0,
        "broker_request_timeout": 30.0,
        "stream_wait_empty": True,
        "stream_buffer_maxsize": 16,
        "web_bind": settings.web_host,
        "web_host": settings.web_host,
        "web_port": settings.web_port,
        "web_in_thread": False,
    }


asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
app = App(load())
