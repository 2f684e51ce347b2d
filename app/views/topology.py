"""/v1/topology: what the application is made of, and which worker holds which partition."""

from typing import Any

from aiohttp import web
from typing_extensions import TypedDict

from app.engine.group import GROUP_BY_NAME, GROUPS
from app.engine.topic_specs import SPECS
from app.views import as_of
from app.views.fields import Role
from app.views.parameters import Query
from app.views.responses import as_json
from app.views.worker import WORKER, Task, Worker


class AgentInfo(TypedDict):
    """Who reacts to which topics."""

    name: str
    topics: list[str]
    help: str


class TableInfo(TypedDict):
    """What is remembered, and the topic it is restored from."""

    name: str
    group: str
    partitions: int
    changelog: str
    help: str


class TopicInfo(TypedDict):
    """A topic of the program; retentionMs is null where it is compacted."""

    name: str
    partitions: int
    retentionMs: int | None
    writer: str
    help: str


class PartitionInfo(TypedDict):
    """Who holds a partition of a group's tables, by base URL."""

    group: str
    partition: int
    active: str | None
    standbys: list[str]


class CopyInfo(TypedDict):
    """A copy this worker holds; lag in records by source topic."""

    group: str
    partition: int
    role: Role
    ready: bool
    lag: dict[str, int]


class StoppedInfo(TypedDict):
    """A source partition that stands still here; reason is that of stayshelf_partition_stopped."""

    topic: str
    partition: int
    reason: str


class WorkerInfo(TypedDict):
    """The worker that answers, as it sees itself."""

    url: str
    inTouch: bool
    copies: list[CopyInfo]
    stopped: list[StoppedInfo]


class Topology(TypedDict):
    """Everything at once; partitions as of the last assignment this worker saw."""

    worker: WorkerInfo
    agents: list[AgentInfo]
    tables: list[TableInfo]
    topics: list[TopicInfo]
    partitions: list[PartitionInfo]


async def topology(request: web.Request) -> web.Response:
    """Agents, tables, topics and partitions."""
    Query(request)
    worker = request.app[WORKER]
    return as_json(
        Topology(
            worker={
                "url": worker.own_url,
                "inTouch": worker.in_touch,
                "copies": copies_of(worker),
                "stopped": [StoppedInfo(topic=at[0], partition=at[1], reason=at[2]) for at in sorted(worker.stopped)],
            },
            agents=[_agent(name, agent) for name, agent in sorted(worker.agents.items())],
            tables=[_table(name, table) for name, table in sorted(worker.tables.items())],
            topics=[
                TopicInfo(
                    name=spec.name,
                    partitions=spec.partitions,
                    retentionMs=spec.retention_ms,
                    writer=spec.writer,
                    help=spec.help,
                )
                for spec in SPECS
            ],
            partitions=_partitions(worker),
        )
    )


def copies_of(worker: Worker) -> list[CopyInfo]:
    """The copies this worker holds, in order."""
    held = sorted(worker.tasks.held(), key=lambda task: (task.group, task.partition))
    return [_copy(worker, task) for task in held]


def _copy(worker: Worker, task: Task) -> CopyInfo:
    lag = as_of.lags(worker, task)
    return {"group": task.group, "partition": task.partition, "role": task.role, "ready": task.ready, "lag": lag}


def _agent(name: str, agent: Any) -> AgentInfo:
    return {"name": name, "topics": sorted(agent.get_topic_names()), "help": agent.help}


def _table(name: str, table: Any) -> TableInfo:
    group = GROUP_BY_NAME[table.group]
    return {
        "name": name,
        "group": group.name,
        "partitions": group.partitions,
        "changelog": group.changelog,
        "help": table.help,
    }


def _partitions(worker: Worker) -> list[PartitionInfo]:
    fleet = worker.fleet_map()
    found: list[PartitionInfo] = []
    for group in GROUPS:
        for partition in range(group.partitions):
            owners = fleet.get((group.name, partition))
            active, standbys = (owners.active, list(owners.standbys)) if owners is not None else (None, [])
            found.append({"group": group.name, "partition": partition, "active": active, "standbys": standbys})
    return found
