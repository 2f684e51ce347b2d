"""Writers' schemas from a registry by URL: answered from memory at once, or asked for while the partition waits."""

import asyncio
from collections.abc import Mapping
from itertools import islice
from time import monotonic
from typing import Any

from mode import Service
from tenacity import AsyncRetrying, retry_if_exception_type, wait_random_exponential

from app.engine.decode.registry import RegistryUnavailable
from app.engine.lasting import lasting
from app.engine.registry.client import RegistryClient, RegistryDown, RegistryRefused, TooLarge
from app.engine.registry.kept import KeptSchemas
from app.engine.registry.texts import parsed, writer_text

#: Limits on what strangers may register: bytes of all texts in memory, ids asked for at a time.
ALL_TEXTS_BYTES_MAX = 4 << 20
WANTED_MAX = 1_000
#: How long "there is no such schema" is taken as an answer; an id is registered before anything is written with it.
ABSENT_S = 5.0
_AT_ONCE = 8
_RETRY_S_MAX = 2.0


class RemoteRegistry(Service):  # type: ignore[misc]
    """A Registry that never waits: what it does not know yet it asks for beside, over and over until answered.

    outputs are the schemas we write with, by subject; the registry gives them their ids, registered where it has them
    not yet.
    """

    def __init__(self, client: RegistryClient, kept: KeptSchemas, outputs: Mapping[str, str], **options: Any) -> None:
        super().__init__(**options)
        self._client = client
        self._kept = kept
        self._outputs = outputs
        self._schemas: dict[int, tuple[Any, int]] = {}
        self._bytes = 0
        self._absent: dict[int, float] = {}
        self._output_ids: dict[str, int] = {}
        self._wanted: dict[int | str, None] = {}
        self._asked = asyncio.Event()
        #: Whether the last question was answered.
        self.reachable = True

    def writer_schema(self, schema_id: int) -> Any | None:
        """A parsed schema, None where there is none of this id; raises RegistryUnavailable until that is known."""
        known = self._schemas.get(schema_id)
        if known is not None:
            return known[0]
        if self._absent.get(schema_id, 0.0) > monotonic():
            return None
        self._want(schema_id)
        raise RegistryUnavailable(schema_id)

    def output_id(self, subject: str) -> int:
        """The id of a schema we write with; raises RegistryUnavailable while it is asked for."""
        known = self._output_ids.get(subject)
        if known is None:
            self._want(subject)
            raise RegistryUnavailable(None)
        return known

    @property
    def awaited(self) -> int:
        """How many schemas are being asked for."""
        return len(self._wanted)

    def _want(self, what: int | str) -> None:
        if len(self._wanted) < WANTED_MAX:
            self._wanted[what] = None
        self._asked.set()

    async def on_start(self) -> None:
        """Take what earlier runs have kept."""
        for schema_id, text in self._kept.schemas():
            self._learn(schema_id, text)
        for subject, text in self._outputs.items():
            found = self._kept.output(subject, text)
            if found is None:
                self._want(subject)
            else:
                self._output_ids[subject] = found

    async def on_shutdown(self) -> None:
        """Close the connections."""
        await self._client.close()

    @Service.task
    @lasting
    async def _ask_on(self) -> None:
        while not self.should_stop:
            await self.wait_first(self._asked.wait(), self._stopped.wait())
            self._asked.clear()
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(RegistryDown), wait=wait_random_exponential(0.1, _RETRY_S_MAX)
            ):
                with attempt:
                    await self._ask_all()

    async def _ask_all(self) -> None:
        """Ask once for everything that is wanted; raises RegistryDown where something was not answered."""
        wanted, failures = iter(list(self._wanted)), []
        while some := list(islice(wanted, _AT_ONCE)):
            answers = await asyncio.gather(*map(self._ask, some), return_exceptions=True)
            failures += [answer for answer in answers if answer is not None]
        if bool(failures) == self.reachable:
            self.reachable = not failures
            self.log.warning("Schemas: %s", failures[0] if failures else "the registry answers again")
        for failure in failures:
            raise failure

    async def _ask(self, what: int | str) -> None:
        if isinstance(what, int):
            await self._ask_schema(what)
        else:
            self._output_ids[what] = await self._asked_output(what)
        self._wanted.pop(what, None)

    async def _ask_schema(self, schema_id: int) -> None:
        text = await writer_text(self._client, schema_id)
        if text is None:
            if len(self._absent) >= WANTED_MAX:
                self._absent.clear()
            self._absent[schema_id] = monotonic() + ABSENT_S
            return
        self._learn(schema_id, text)
        await asyncio.to_thread(self._kept.keep, schema_id, text)

    async def _asked_output(self, subject: str) -> int:
        text = self._outputs[subject]
        try:
            found = await self._client.lookup(subject, text)
            schema_id = found.id if found is not None else await self._client.register(subject, text)
        except (RegistryRefused, TooLarge) as refused:
            raise RegistryDown(f"the registry does not take {subject}: {refused}") from refused
        await asyncio.to_thread(self._kept.keep_output, subject, text, schema_id)
        return schema_id

    def _learn(self, schema_id: int, text: str) -> None:
        size = len(text)
        schema = parsed(text)
        self._bytes += size - self._schemas.pop(schema_id, (None, 0))[1]
        self._schemas[schema_id] = schema, size
        while self._bytes > ALL_TEXTS_BYTES_MAX or len(self._schemas) > WANTED_MAX:
            self._bytes -= self._schemas.pop(next(iter(self._schemas)))[1]
