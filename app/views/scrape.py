"""/metrics: this worker's metrics; lag is worked out when it is asked for."""

from aiohttp import web

from app.metrics.exposition import exposed
from app.views import as_of
from app.views.parts import ACTIVE
from app.views.responses import answer
from app.views.worker import WORKER


async def metrics(request: web.Request) -> web.Response:
    """Every metric of the catalogue as text."""
    worker = request.app[WORKER]
    owned = [task for task in worker.tasks.held() if task.role == ACTIVE]
    worker.observer.lags(
        {(topic, task.partition): lag for task in owned for topic, lag in as_of.lags(worker, task).items()}
    )
    body, content_type = exposed(worker.observer.registry, request.headers.get("Accept", ""))
    return answer(body, content_type)
