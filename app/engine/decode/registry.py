"""Where writers' schemas come from."""

from typing import Any, Protocol

from schemas.bundled import BUNDLED


class RegistryUnavailable(Exception):
    """The registry can't be asked now; `record` is the index of the first record in need of it."""

    def __init__(self, schema_id: int, record: int = 0) -> None:
        super().__init__(f"the schema registry can't be asked for id {schema_id}")
        self.schema_id = schema_id
        self.record = record


class Registry(Protocol):
    """Schemas by id."""

    def writer_schema(self, schema_id: int) -> Any | None:
        """The parsed JSON of an Avro schema; None where the registry has no such id; raises RegistryUnavailable."""


class BundledRegistry:
    """The schemas the program ships."""

    def writer_schema(self, schema_id: int) -> Any | None:
        """The parsed JSON of a bundled schema, or None."""
        return BUNDLED.get(schema_id)
