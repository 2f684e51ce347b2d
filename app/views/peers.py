"""Other workers, asked over HTTP: the client's own request, with a header that says whose part is wanted."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web
from yarl import URL

from app.views.parts import Part
from app.views.responses import as_json

#: A request with this header is answered from this worker's own copies only, so it is never sent on in a circle.
PARTS_HEADER = "Stayshelf-Parts"

DEADLINE_SECONDS = 2.0
_CONNECT_SECONDS = 0.5
#: A worker that did not answer is asked last for so long: its requests should not each wait for the deadline.
_AVOIDED_SECONDS = 3.0
_CONNECTIONS_MAX = 64

Answers = dict[int, Part | str]


class Peers:
    """The connections to the other workers of the fleet, and which of them kept silent lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._session: ClientSession | None = None
        self._avoided_until: dict[str, float] = {}

    def avoided(self, url: str) -> bool:
        """Whether the worker did not answer a moment ago."""
        return self._avoided_until.get(url, 0.0) > self._clock()

    async def ask(self, url: str, request: web.Request, partitions: Sequence[int]) -> Answers:
        """By partition the worker's part, or why there is none."""
        try:
            return await self._ask(url, request, partitions)
        except (ClientError, TimeoutError, ValueError, KeyError, TypeError, AttributeError):
            self._avoided_until[url] = self._clock() + _AVOIDED_SECONDS
            return dict.fromkeys(partitions, "did not answer")

    async def _ask(self, url: str, request: web.Request, partitions: Sequence[int]) -> Answers:
        headers = {PARTS_HEADER: ",".join(map(str, partitions))}
        if "Authorization" in request.headers:
            # Every token the client may use is known to the whole fleet, also while tokens are being changed.
            headers["Authorization"] = request.headers["Authorization"]
        address = URL(url.rstrip("/") + request.rel_url.raw_path_qs, encoded=True)
        async with self._open().get(address, headers=headers, allow_redirects=False) as response:
            body = await response.read()
        if response.status != 200:
            return dict.fromkeys(partitions, f"answered with status {response.status}")
        given = orjson.loads(body)
        found: Answers = {part[0]: Part(*part) for part in given["parts"]}
        return {partition: found.get(partition) or str(given["missing"][str(partition)]) for partition in partitions}

    async def read(self, url: str, path: str, authorization: str | None) -> Any:
        """What another worker answers for itself as a JSON value; None where it does not."""
        headers = {} if authorization is None else {"Authorization": authorization}
        try:
            async with self._open().get(url.rstrip("/") + path, headers=headers, allow_redirects=False) as response:
                return orjson.loads(await response.read()) if response.status == 200 else None
        except (ClientError, TimeoutError, ValueError):
            return None

    def _open(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(limit_per_host=_CONNECTIONS_MAX),
                timeout=ClientTimeout(total=DEADLINE_SECONDS, sock_connect=_CONNECT_SECONDS),
                auto_decompress=False,
            )
        return self._session

    async def close(self, _app: web.Application | None = None) -> None:
        """Close the connections; safe to call twice."""
        if self._session is not None:
            await self._session.close()


def as_parts(answers: Answers) -> web.Response:
    """What a peer is answered: its parts, and why others are missing. Copies that may be behind unawares are."""
    missing = {}
    parts = []
    for partition, found in answers.items():
        if isinstance(found, str):
            missing[str(partition)] = found
        elif not found.sure:
            missing[str(partition)] = "lost touch with its group"
        else:
            parts.append(list(found[:-1]))
    return as_json({"parts": parts, "missing": missing})


#: Where handlers find the connections in the web application.
PEERS: web.AppKey[Peers] = web.AppKey("peers")
