"""/metrics: this worker's metrics."""

from aiohttp import web

from app.metrics.exposition import exposed
from app.views.responses import answer
from app.views.worker import WORKER


async def metrics(request: web.Request) -> web.Response:
    """Every metric of the catalogue as text."""
    registry = request.app[WORKER].observer.registry
    body, content_type = exposed(registry, request.headers.get("Accept", ""))
    return answer(body, content_type)
