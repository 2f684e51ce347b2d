"""/openapi.json: the API described in OpenAPI 3.1, made of the types the views answer with."""

import re
from functools import lru_cache
from typing import Any, NotRequired

import orjson
from aiohttp import web
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import TypedDict

from app.views.live.fleet_figures import FleetHistory, FleetNow
from app.views.operations import ID_SCHEMA, IDS, Operation, operations
from app.views.responses import PROBLEM, answer
from app.views.worker import WORKER

VERSION = "3.1.1"
_REF = "#/components/schemas/{model}"
_PLACE = re.compile(r"\{(\w+)\}")
_ABOUT = """Live stock of every store and live availability of every hotel. Every worker answers for every key.

Ids in a path may hold a slash as %2F. `asOf` says for each partition of a source topic that an answer was made of how
many records it is behind, and whether the copy that answered was active or a standby."""
_TAGS = {
    "stores": "Stock of stores.",
    "hotels": "Bookings, and rooms of hotels.",
    "payments": "Payments of bookings.",
    "windows": "Sums over event time.",
    "workers": "The workers themselves.",
}
_ERRORS = {
    400: "A parameter is bad: `parameter` names it.",
    401: "A bearer token is needed.",
    503: "The partition's owner restores and no standby can answer: try again.",
}
_HEADERS = {
    401: {"headers": {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}},
    503: {"headers": {"Retry-After": {"required": True, "schema": {"type": "integer"}, "description": "seconds"}}},
}


class ProblemAnswer(TypedDict):
    """An error (RFC 9457); parameter names the bad one of a 400, partitions those a 503 can't read now."""

    type: str
    title: str
    status: int
    detail: str
    parameter: NotRequired[str]
    partitions: NotRequired[list[int]]


#: Types that no path answers with by themselves.
ALSO = (FleetHistory, FleetNow, ProblemAnswer)


class _Untitled(GenerateJsonSchema):
    """Fields are called by their names alone: pydantic's titles would call itemId "Itemid"."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


async def description(request: web.Request) -> web.Response:
    """The document of this worker."""
    return answer(_encoded(request.app[WORKER].settings.low_stock_max, bool(request.app[WORKER].settings.api_tokens)))


@lru_cache(maxsize=4)
def _encoded(low_stock_max: int, protected: bool) -> bytes:
    return orjson.dumps(document(low_stock_max, protected))


def document(low_stock_max: int, protected: bool) -> dict[str, Any]:
    """The OpenAPI document; protected says that /v1 needs a token."""
    told = operations(low_stock_max)
    types = dict.fromkeys([*(operation.answer for operation in told.values() if operation.answer), *ALSO])
    refs, definitions = TypeAdapter.json_schemas(
        [(kind, "serialization", TypeAdapter(kind)) for kind in types], ref_template=_REF, schema_generator=_Untitled
    )
    schemas = {kind: schema for (kind, _), schema in refs.items()}
    return {
        "openapi": VERSION,
        "info": {"title": "stayshelf", "version": "1", "description": _ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": {path: {"get": _get(path, told[path], schemas, protected)} for path in told},
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "One of STAYSHELF_API_TOKENS."}
            },
        },
    }


def _get(path: str, operation: Operation, schemas: dict[Any, Any], protected: bool) -> dict[str, Any]:
    private = path.startswith("/v1/")
    body = {"schema": schemas[operation.answer]} if operation.answer else {}
    found = {"200": {"description": operation.summary, "content": {operation.content: body}}}
    errors = {status: text for status, text in _ERRORS.items() if _may(operation, status, private)}
    if operation.unknown is not None:
        errors[404] = f"There is no such {operation.unknown}."
    problem = {PROBLEM: {"schema": schemas[ProblemAnswer]}}
    for status, text in sorted(errors.items()):
        found[str(status)] = {"description": text, "content": problem, **_HEADERS.get(status, {})}
    told = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": _parameters(path, operation),
        "responses": found,
    }
    return told | ({"security": [{"token": []}] if protected else [{}, {"token": []}]} if private else {})


def _may(operation: Operation, status: int, private: bool) -> bool:
    if status == 400:
        return private or operation.unknown is not None
    return private if status == 401 else operation.by_tables or operation.name == "ready"


def _parameters(path: str, operation: Operation) -> list[dict[str, Any]]:
    names = _PLACE.findall(path)
    told: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": ID_SCHEMA, "description": _meaning(path, name)}
        for name in names
    ]
    return told + [
        {"name": each.name, "in": "query", "required": each.required, "schema": each.schema, "description": each.help}
        for each in operation.query
    ]


def _meaning(path: str, name: str) -> str:
    return next(text for place, text in IDS.items() if path.startswith(place) or place == f"{{{name}}}")
