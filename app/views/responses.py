"""How every answer leaves: JSON or a problem (RFC 9457), with headers that keep it from being stored or guessed at."""

from collections.abc import Mapping
from http import HTTPStatus

import orjson
from aiohttp import web

JSON = "application/json"
PROBLEM = "application/problem+json"
RETRY_AFTER_SECONDS = 1

HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Server": "stayshelf"}


class Problem(Exception):
    """An answer that is an error: HTTP status, one sentence, headers, and more members for the body."""

    def __init__(
        self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **members: object
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}
        self.members = members


def bad(parameter: str, rule: str) -> Problem:
    """400 that names the bad parameter and the rule it breaks, never the value."""
    return Problem(400, f"{parameter} {rule}", parameter=parameter)


def unavailable(detail: str, **members: object) -> Problem:
    """503 with Retry-After."""
    return Problem(503, detail, headers={"Retry-After": str(RETRY_AFTER_SECONDS)}, **members)


def answer(
    body: bytes, content_type: str = JSON, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """A response with the headers every answer carries."""
    merged = {**HEADERS, "Content-Type": content_type, **(headers or {})}
    return web.Response(body=body, status=status, headers=merged)


def as_json(value: object) -> web.Response:
    """200 with a JSON value."""
    return answer(orjson.dumps(value))


def as_problem(problem: Problem) -> web.Response:
    """The problem's response; the type is about:blank, so the title is the status' own phrase."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        **problem.members,
    }
    return answer(orjson.dumps(body), PROBLEM, status=problem.status, headers=problem.headers)
