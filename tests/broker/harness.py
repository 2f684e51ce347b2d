"""Everything of one test run: a broker with fresh topics, workers, what is sent, and the comparison at its end."""

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path

import aiohttp

from app.engine.topic_admin import create_missing, reached
from app.engine.topic_specs import SPECS
from app.settings import Settings
from app.simulator.outgoing import Outgoing
from app.simulator.publisher import Published, publish
from app.simulator.reference.answers import Answers
from app.simulator.reference.model import Reference
from app.simulator.reference.record import LogRecord
from tests.broker.answers_over_http import Fleet, observe
from tests.broker.checker import Observed, differences, without_error
from tests.broker.kafka_log import Progress, completed_records, dead_letters, expired_refunds, source_log
from tests.broker.topics import wipe
from tests.broker.workers import Worker

APPLIED_SECONDS = 120
SETTLED_SECONDS = 15
SHOWN = 20


class Harness:
    """Workers on one broker; `directory` holds their data and logs. Use as an async context manager."""

    def __init__(self, bootstrap: str, directory: Path) -> None:
        self.bootstrap = bootstrap
        self.workers: list[Worker] = []
        self._directory = directory

    async def __aenter__(self) -> "Harness":
        await wipe(self.bootstrap)
        settings = Settings(_env_file=None, broker=f"kafka://{self.bootstrap}", replication_factor=1)
        async with reached({"bootstrap_servers": self.bootstrap}, print) as admin:
            await create_missing(admin, settings, SPECS)
        return self

    async def __aexit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.kill()

    async def start(self, count: int = 1, **settings: str) -> list[Worker]:
        """Start `count` more workers and wait until all are ready."""
        number = len(self.workers)
        new = [
            Worker(self._directory / f"worker-{each}", self.bootstrap, **settings).start()
            for each in range(number, number + count)
        ]
        self.workers += new
        await asyncio.gather(*(worker.ready() for worker in self.workers))
        return new

    async def send(self, records: Iterable[Outgoing]) -> Published:
        """Send all records; every one must be taken by the broker."""
        options = {"bootstrap_servers": self.bootstrap}
        published = await publish(options, records, advance=lambda _record: None)
        assert not published.refused, published.refused
        return published

    async def until_applied(self, within: float = APPLIED_SECONDS) -> None:
        """Wait until the group has committed everything there is."""
        async with Progress(self.bootstrap) as progress:
            await progress.until_applied(within)

    async def model(self) -> tuple[Reference, list[LogRecord]]:
        """What the source topics say must hold, and the records themselves.

        Which refunds waited in vain depends on when their payments completed: their dead letters are taken as given."""
        log = await source_log(self.bootstrap)
        model = Reference(expired=await expired_refunds(self.bootstrap))
        for record in log:
            model.feed(record)
        model.finish()
        return model, log

    async def observed(self, model: Reference) -> Observed:
        """Everything the running workers answer, and what stands in the output topics."""
        urls = [worker.url for worker in self.workers if worker.running]
        async with aiohttp.ClientSession() as session:
            seen = await observe(Fleet(urls, session), Answers(model))
        letters = [without_error(letter) for letter in await dead_letters(self.bootstrap)]
        return Observed(**seen, letters=letters, completed=await completed_records(self.bootstrap))

    async def check(self) -> Reference:
        """Wait until all is applied; then every row, letter and output must be what one pass over the log gives."""
        await self.until_applied()
        model, _log = await self.model()
        deadline = time.monotonic() + SETTLED_SECONDS
        while found := differences(model, await self.observed(model)):
            # Committed is not yet queryable: rows are readable a moment after their transaction.
            if time.monotonic() > deadline:
                shown = "\n".join(line[:600] for line in found[:SHOWN])
                raise AssertionError(f"{len(found)} differences:\n{shown}")
            await asyncio.sleep(0.5)
        return model
