"""/schemas/ids: the bundled Avro schemas, as a Confluent registry serves them."""

import orjson
from aiohttp import web
from typing_extensions import TypedDict

from app.views.responses import Problem, answer
from schemas.bundled import BUNDLED, schema_text

CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
_NOT_FOUND_CODE = 40403


class SchemaAnswer(TypedDict):
    """The schema as JSON text in a JSON string."""

    schema: str


async def schema(request: web.Request) -> web.Response:
    """The schema of an id; registry clients add query parameters of their own, which change nothing here."""
    text = request.match_info["id"]
    schema_id = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
    if schema_id not in BUNDLED:
        raise Problem(404, "there is no such schema", error_code=_NOT_FOUND_CODE, message="Schema not found")
    return answer(orjson.dumps(SchemaAnswer(schema=schema_text(schema_id))), CONTENT_TYPE)
