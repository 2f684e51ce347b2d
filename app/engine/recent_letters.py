"""The newest dead letters, headers only, for whoever wants a look; however many ask, they are read once in a while."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient

from app.delivery.dead_letters import Letter
from app.engine.connection import client_options
from app.engine.letter_box import LetterBox, LetterId
from app.settings import Settings

#: Letters read of each partition: enough to see what is wrong.
PER_PARTITION = 20
FRESH_SECONDS = 5.0


class Seen(NamedTuple):
    """A letter without key and value."""

    id: LetterId
    letter: Letter


class RecentLetters:
    """Reads the ends of the dead letter topics; what was read stays good for a few seconds."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._reading = asyncio.Lock()
        self._found: list[Seen] = []
        self._good_until = float("-inf")

    async def read(self) -> list[Seen]:
        """Letters nobody has dealt with, newest first; raises KafkaError where the broker can't be reached."""
        async with self._reading:
            if self._clock() >= self._good_until:
                self._found = sorted(await self._read(), key=lambda seen: seen.letter.timestamp, reverse=True)
                self._good_until = self._clock() + FRESH_SECONDS
            return self._found

    async def _read(self) -> list[Seen]:
        options: dict[str, Any] = client_options(self._settings)
        admin = AIOKafkaAdminClient(**options)
        try:
            await admin.start()
            async with LetterBox(options, admin) as box:
                return [
                    Seen(found.id, found.letter)
                    async for found in box.newest(PER_PARTITION)
                    if not box.is_done(found.id)
                ]
        finally:
            await admin.close()
