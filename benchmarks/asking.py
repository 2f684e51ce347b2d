"""Clients that ask every worker without a pause, and keep what went wrong: errors, answers of standbys, values that
went backwards after an active copy had shown them."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from itertools import cycle
from typing import Any, Protocol

import aiohttp

#: Requests a second to each worker.
RATE = 60.0


class Asked(Protocol):
    """A worker; what it answers counts while it is in service."""

    url: str
    in_service: bool


class Tally:
    """What the answers of one phase were."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.lag_max = 0
        self.slowest_s = 0.0

    def summary(self) -> dict[str, Any]:
        """Figures for a line of JSON."""
        return {
            "answers": self.counts["answers"], "http_errors": sum(self.errors.values()), "errors": dict(self.errors),
            "by_standbys": self.counts["standby"], "lag_max": self.lag_max, "backwards": self.counts["backwards"],
            "slowest_s": round(self.slowest_s, 2),
        }  # fmt: skip


class Askers:
    """One client a worker, all asking the same questions in turn; only workers in service must answer."""

    def __init__(self, workers: Sequence[Asked], questions: list[str]) -> None:
        self._workers = workers
        self._questions = questions
        self._shown: dict[tuple[str, str], int] = {}
        self.tally = Tally()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to ask."""
        self._tasks = [asyncio.create_task(self._ask_on(worker)) for worker in self._workers]

    async def stop(self) -> None:
        """Ask no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def next_phase(self) -> Tally:
        """The tally so far; a new one begins."""
        done, self.tally = self.tally, Tally()
        return done

    async def until_answered(self) -> None:
        """Wait until each question has an answer: what they ask about was sent and applied."""
        worker = self._workers[0]
        async with aiohttp.ClientSession() as client:
            for path in self._questions:
                while True:
                    async with client.get(worker.url + path) as answer:
                        if answer.status == 200:
                            break
                    await asyncio.sleep(0.2)

    async def _ask_on(self, worker: Asked) -> None:
        async with aiohttp.ClientSession() as client:
            for path in cycle(self._questions):
                began = time.monotonic()
                if worker.in_service:
                    await self._ask(client, worker, path)
                await asyncio.sleep(max(0.0, 1 / RATE - (time.monotonic() - began)))

    async def _ask(self, client: aiohttp.ClientSession, worker: Asked, path: str) -> None:
        before = {place: shown for place, shown in self._shown.items() if place[0] == path}
        tally, began = self.tally, time.monotonic()
        try:
            async with client.get(worker.url + path) as answer:
                body = await answer.json(content_type=None)
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            if worker.in_service:
                tally.errors[type(error).__name__] += 1
            return
        tally.counts["answers"] += 1
        tally.slowest_s = max(tally.slowest_s, time.monotonic() - began)
        if status == 200:
            self._look(tally, path, body, before)
        elif worker.in_service:
            tally.errors[f"{status} {body.get('detail', '')[:120]}"] += 1

    def _look(self, tally: Tally, path: str, body: dict[str, Any], before: dict[tuple[str, str], int]) -> None:
        active = {part["role"] for part in body["asOf"]} == {"active"}
        tally.lag_max = max([tally.lag_max, *(part["lag"] for part in body["asOf"])])
        if not active:
            tally.counts["standby"] += 1
            return
        shown = {(path, row["itemId"]): row["sold"] for row in body.get("items", ())}
        # Against what had been shown before this question was asked: answers may overtake one another.
        tally.counts["backwards"] += any(shown.get(place, 0) < sold for place, sold in before.items())
        for place, sold in shown.items():
            self._shown[place] = max(sold, self._shown.get(place, 0))
