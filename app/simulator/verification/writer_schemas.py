"""The schemas that records were written with: those bundled, or a registry's, each asked for once."""

from typing import Self

from app.engine.registry.client import RegistryClient, RegistryDown
from app.engine.registry.patience import patiently
from app.engine.registry.texts import parsed, writer_text
from app.settings import Refused
from app.simulator.reference.registered import shape_of
from app.simulator.reference.shapes import BY_ID, Shape

HEAD_BYTES = 5


class WriterSchemas:
    """`shapes` by schema id, of every value that `learn` was shown; `registry` is the setting: a URL, or "bundled".

    Use as an async context manager."""

    def __init__(self, registry: str) -> None:
        self._client = None if registry == "bundled" else RegistryClient(registry)
        self._absent: set[int] = set()
        self.shapes: dict[int, Shape] = dict(BY_ID) if self._client is None else {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._client is not None:
            await self._client.close()

    async def learn(self, value: bytes | None) -> None:
        """Ask for the schema of a value that has one; raises Refused where the registry does not answer for long."""
        if self._client is None or not value or value[0] != 0 or len(value) < HEAD_BYTES:
            return
        schema_id = int.from_bytes(value[1:HEAD_BYTES], "big")
        if schema_id in self.shapes or schema_id in self._absent:
            return
        text = await self._asked(self._client, schema_id)
        if text is None:
            self._absent.add(schema_id)
        else:
            self.shapes[schema_id] = shape_of(parsed(text))

    async def _asked(self, client: RegistryClient, schema_id: int) -> str | None:
        try:
            return await patiently(lambda: writer_text(client, schema_id), every_s=0.5)
        except RegistryDown as error:
            raise Refused(f"STAYSHELF_SCHEMA_REGISTRY: {error}") from None
