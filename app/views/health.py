"""/health: whether the process answers, and whether its tables do."""

from aiohttp import web
from typing_extensions import TypedDict

from app.views.responses import as_json, unavailable
from app.views.worker import WORKER


class Live(TypedDict):
    """The process answers."""

    status: str


class Ready(TypedDict):
    """So many partitions are restored here, and so many copies held, standbys included."""

    status: str
    partitions: int
    copies: int


async def live(_request: web.Request) -> web.Response:
    """200 as long as the process can answer at all."""
    return as_json(Live(status="live"))


async def ready(request: web.Request) -> web.Response:
    """200 once this worker is in its group and its own tables are restored, and those it came to take over.

    Later standby copies may be under way, and a copy that is complete but not yet (or no longer) active counts: a
    rebalance alone makes no worker unready.
    """
    worker = request.app[WORKER]
    if not worker.in_touch:
        raise unavailable("this worker does not reach its group")
    held = {(task.group, task.partition): task.ready for task in worker.tasks.held()}
    if not held:
        raise unavailable("no partition is assigned to this worker yet")
    if not worker.warmed:
        raise unavailable("the copies this worker is to take over are still being restored")
    fleet = worker.fleet_map().items()
    owned = [held.get((group, partition), False) for (group, partition), at in fleet if at.active == worker.own_url]
    if not all(owned):
        raise unavailable(f"{sum(owned)} of {len(owned)} partitions are restored")
    return as_json(Ready(status="ready", partitions=len(owned), copies=len(held)))
