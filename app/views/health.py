"""/health: whether the process answers, and whether its tables do."""

from aiohttp import web

from app.views.parts import ACTIVE
from app.views.responses import as_json, unavailable
from app.views.worker import WORKER


async def live(_request: web.Request) -> web.Response:
    """200 as long as the process can answer at all."""
    return as_json({"status": "live"})


async def ready(request: web.Request) -> web.Response:
    """200 once this worker is in its group and its own tables are restored; standby copies may still be under way."""
    worker = request.app[WORKER]
    if not worker.in_touch:
        raise unavailable("this worker does not reach its group")
    held = list(worker.tasks.held())
    owned = [task for task in held if task.role == ACTIVE]
    restored = sum(task.ready for task in owned)
    if not held:
        raise unavailable("no partition is assigned to this worker yet")
    if restored < len(owned):
        raise unavailable(f"{restored} of {len(owned)} partitions are restored")
    return as_json({"status": "ready", "partitions": len(owned), "standbys": len(held) - len(owned)})
