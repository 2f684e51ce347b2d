"""What a registry's answer about a schema id holds for us: Avro texts of bounded size, or what nobody reads."""

from collections.abc import Mapping
from typing import Any

import orjson

from app.engine.registry.client import RegistryClient, RegistryDown, TooLarge

TEXT_BYTES_MAX = 256 << 10

#: Stands for a schema nobody can read: every record written with it does not fit.
UNREADABLE: Mapping[str, Any] = {}


async def writer_text(client: RegistryClient, schema_id: int) -> str | None:
    """A schema's text, empty where it is not one we read; None where there is none; raises RegistryDown."""
    try:
        found = await client.schema(schema_id)
    except TooLarge:
        return ""
    if found is None:
        return None
    text = found.get("schema")
    if not isinstance(text, str):
        raise RegistryDown("the registry's answer has no schema")
    # Other formats, and types declared in other subjects, are not read.
    return "" if found.get("schemaType", "AVRO") != "AVRO" or found.get("references") else text


def parsed(text: str) -> Any:
    """The text's JSON, or UNREADABLE."""
    if len(text) > TEXT_BYTES_MAX:
        return UNREADABLE
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return UNREADABLE
    return UNREADABLE if found is None else found
