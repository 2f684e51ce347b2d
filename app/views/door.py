"""The HTTP server in front of the handlers: what a client may send at all, and errors of every kind."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from app.views import auth
from app.views.parameters import check_path
from app.views.responses import Problem, as_problem
from app.views.worker import WORKER

log = logging.getLogger(__name__)

#: An id of 128 code points takes up to 1,536 characters in a URL: most ids too long are refused as such, by name.
LINE_BYTES_MAX = 32 * 1024
#: Open connections; the rest of the process' file descriptors belongs to RocksDB and Kafka.
CONNECTIONS_MAX = 512
#: A connection that sends nothing whole for so long is closed.
IDLE_SECONDS = 75.0
#: How long answers on their way may take when the worker ends.
SHUTDOWN_SECONDS = 2.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count what /v1 answers."""
    response = await handler(request)
    if request.path.startswith("/v1/"):
        request.app[WORKER].observer.answered(response.status)
    return response


@web.middleware
async def errors_as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check what holds for every request, and turn whatever goes wrong into a problem without a word of ours inside."""
    try:
        auth.check(request)
        check_path(request)
        _refuse_body(request)
        return await handler(request)
    except Problem as problem:
        return as_problem(problem)
    except web.HTTPMethodNotAllowed as error:
        allow = ", ".join(sorted(error.allowed_methods))
        return as_problem(Problem(405, "this path can only be read", headers={"Allow": allow}))
    except web.HTTPException as error:
        detail = "there is nothing at this path" if error.status == 404 else error.reason
        return as_problem(Problem(error.status, detail))
    except Exception as error:
        # Type and place only: messages of errors may hold keys.
        frames = reversed(traceback.extract_tb(error.__traceback__))
        places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in frames)
        log.error("A request failed with %s at %s", type(error).__name__, places)
        return as_problem(Problem(500, "this worker failed to answer"))


def _refuse_body(request: web.Request) -> None:
    if request.body_exists and request.method in ("GET", "HEAD"):
        raise Problem(400, "a request for reading has no body", parameter="body")


class _Connection(RequestHandler):
    """One connection: refusals of what is not HTTP are problems too, and are not logged with what was sent."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to a request that could not be read."""
        detail = "the request can't be read as HTTP" if status == 400 else "this worker failed to answer"
        response = as_problem(Problem(status, detail))
        response.force_close()
        return response


class _Server(web.Server):
    """Makes the connections, and closes those over the limit at once."""

    def __call__(self) -> RequestHandler:
        """A connection's protocol."""
        return _Connection(self, loop=self._loop, **self._kwargs)

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Count a connection; one too many ends here."""
        super().connection_made(handler, transport)
        if len(self._connections) > CONNECTIONS_MAX:
            # Not at once: the connection's own task must have begun before it can end.
            self._loop.call_soon(transport.abort)


class Runner(web.AppRunner):
    """Runs a web application behind this door."""

    def __init__(self, app: web.Application) -> None:
        super().__init__(
            app,
            access_log=None,
            keepalive_timeout=IDLE_SECONDS,
            max_line_size=LINE_BYTES_MAX,
            shutdown_timeout=SHUTDOWN_SECONDS,
        )

    async def _make_server(self) -> web.Server:
        made: Any = await super()._make_server()
        return _Server(made.request_handler, request_factory=made.request_factory, loop=made._loop, **made._kwargs)
