"""Where writers' schemas come from."""

from collections.abc import Callable
from typing import Any, Protocol

from schemas.bundled import BUNDLED, OUTPUTS


class NotYet(Exception):
    """A record can't be decoded now; `record` is its index, and those before it can."""

    record = 0


class SlowRecord(NotYet):
    """Decoding it would keep the event loop for too long: call `read` in a thread, and decode it again."""

    def __init__(self, record: int, read: Callable[[], None]) -> None:
        super().__init__("a record takes long to read")
        self.record, self.read = record, read


class RegistryUnavailable(NotYet):
    """The registry has not answered yet, and is being asked; `record` is the index of the first record in need of it.

    schema_id is None where it is the id of a schema we write with that is missing.
    """

    def __init__(self, schema_id: int | None, record: int = 0) -> None:
        what = "the id of what we write" if schema_id is None else f"id {schema_id}"
        super().__init__(f"the schema registry has not yet answered for {what}")
        self.schema_id = schema_id
        self.record = record


class Registry(Protocol):
    """Schemas by id. It answers from memory: what it does not know raises RegistryUnavailable and is asked for beside,
    so that the same call succeeds a little later."""

    def writer_schema(self, schema_id: int) -> Any | None:
        """The parsed JSON of an Avro schema; None where the registry has no such id; raises RegistryUnavailable."""

    def output_id(self, subject: str) -> int:
        """The id of the schema we write a subject with; raises RegistryUnavailable."""


class BundledRegistry:
    """The schemas the program ships."""

    def writer_schema(self, schema_id: int) -> Any | None:
        """The parsed JSON of a bundled schema, or None."""
        return BUNDLED.get(schema_id)

    def output_id(self, subject: str) -> int:
        """The bundled id; KeyError where we write no such subject."""
        return OUTPUTS[subject]
