"""Looks at the whole fleet once a second while anybody watches, however many they are."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import orjson
from aiohttp import web

from app.metrics.history import STEP_SECONDS, History
from app.metrics.reading import Reading
from app.views.live import figures, fleet_figures
from app.views.live.fleet_figures import GONE, SILENT, UP, FleetHistory, FleetNow
from app.views.peers import Peers
from app.views.worker import WORKER, Worker

LOOK_SECONDS = 1.0
#: A worker that answers slower is shown as silent.
ANSWER_SECONDS = 0.8
GONE_SECONDS = 60.0
WATCHERS_MAX = 128


class Watch:
    """What the watchers of this worker see. Peers are asked with the newest watcher's own token."""

    def __init__(self, worker: Worker, peers: Peers, history: History) -> None:
        self._worker, self._peers, self._history = worker, peers, history
        self._tokens: dict[object, str | None] = {}
        self._seen: dict[str, float] = {}
        self._recent = fleet_figures.Recent()
        self._looking: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._latest = b""
        self._looks = 0
        self._ended = False

    @property
    def full(self) -> bool:
        """Whether there are as many watchers as there may be."""
        return len(self._tokens) >= WATCHERS_MAX

    async def events(self, authorization: str | None) -> AsyncGenerator[bytes]:
        """Server-sent events for one watcher: the last hour, then the fleet each second; a slow one skips some."""
        me = object()
        self._tokens[me] = authorization
        try:
            if self._looking is None:
                self._looking = asyncio.create_task(self._look_on())
            yield event("history", await self._last_hour(authorization))
            seen = 0
            while self._looking is not None and not self._ended:
                news = self._news
                if self._looks != seen and self._latest:
                    seen = self._looks
                    yield self._latest
                else:
                    await news.wait()
        finally:
            del self._tokens[me]

    async def end(self, _app: web.Application | None = None) -> None:
        """Let every watcher go: the worker stops."""
        self._ended = True
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    async def _look_on(self) -> None:
        try:
            while self._tokens:
                started = time.monotonic()
                self._latest = event("fleet", await self._look(list(self._tokens.values())[-1]))
                self._looks += 1
                self._tell()
                await asyncio.sleep(max(LOOK_SECONDS - (time.monotonic() - started), 0.0))
        finally:
            # Whoever still waits goes, and asks again.
            self._looking, self._latest = None, b""
            self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _look(self, authorization: str | None) -> FleetNow:
        others, now = self._others(), time.monotonic()
        answers = await asyncio.gather(*(self._asked(url, "/v1/figures", authorization) for url in others))
        found = [answer for answer in answers if answer is not None]
        own = figures.of_worker(self._worker)
        self._seen |= dict.fromkeys([each["url"] for each in found], now)
        states = {own["url"]: UP} | dict.fromkeys(others, SILENT)
        states |= {each["url"]: UP for each in found}
        for url, at in list(self._seen.items()):
            if now - at > GONE_SECONDS:
                del self._seen[url]
            states.setdefault(url, GONE)
        self._recent.add([own, *found])
        return fleet_figures.fleet_now(own["at"], own["url"], states, figures=[own, *found], recent=self._recent)

    async def _last_hour(self, authorization: str | None) -> FleetHistory:
        others = self._others()
        answers = await asyncio.gather(*(self._asked(url, "/v1/history", authorization) for url in others))
        own = figures.history_of(self._worker, self._history)
        return fleet_figures.fleet_history([own, *(answer for answer in answers if answer is not None)])

    def _others(self) -> list[str]:
        fleet = self._worker.fleet_map().values()
        urls = {url for owners in fleet for url in (owners.active, *owners.standbys) if url}
        return sorted(urls - {self._worker.own_url})

    async def _asked(self, url: str, path: str, authorization: str | None) -> Any:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._peers.read(url, path, authorization)
        except TimeoutError:
            return None


async def keep_history(app: web.Application) -> AsyncIterator[None]:
    """Closes a step of this worker's history every ten seconds, by the clock, so that workers' steps are the same."""
    keeping = asyncio.create_task(_keep(app[figures.HISTORY], app[WORKER]))
    yield
    keeping.cancel()
    await asyncio.wait([keeping])


async def _keep(history: History, worker: Worker) -> None:
    while True:
        history.add(int(time.time()) // STEP_SECONDS * STEP_SECONDS * 1000, Reading(worker.observer.registry))
        await asyncio.sleep(STEP_SECONDS - time.time() % STEP_SECONDS)


def event(name: str, data: FleetNow | FleetHistory) -> bytes:
    """A server-sent event, as the HTML standard writes it."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(data))


#: Where handlers find the watch in the web application.
WATCH: web.AppKey[Watch] = web.AppKey("watch")
