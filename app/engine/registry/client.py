"""The HTTP side of a Confluent-compatible schema registry: what is asked, and what its answers mean."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import aiohttp
import orjson

CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
#: The registry's own codes: no such subject, version, schema; no compatibility level of the subject's own.
NO_SUBJECT, NO_VERSION, NO_SCHEMA, NO_LEVEL = 40401, 40402, 40403, 40408
_ABSENT = frozenset({NO_SUBJECT, NO_VERSION, NO_SCHEMA})

ANSWER_BYTES_MAX = 1 << 20
_TIMEOUT = aiohttp.ClientTimeout(total=10.0)
_SHOWN = 300


class RegistryDown(Exception):
    """No answer, or none a registry would give."""


class RegistryRefused(Exception):
    """The registry says no: an incompatible or invalid schema, missing rights; its text is the registry's."""


class TooLarge(Exception):
    """An answer over ANSWER_BYTES_MAX."""


class Version(NamedTuple):
    """A version of a subject: its number, the schema's id and its text."""

    version: int
    id: int
    text: str


class RegistryClient:
    """Calls of one registry over kept-alive connections; all raise RegistryDown, those that change something
    RegistryRefused."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def schema(self, schema_id: int) -> Mapping[str, Any] | None:
        """What the registry has under an id: schema, schemaType, references; None where it says it has none.

        Raises TooLarge.
        """
        return _mapping(await self._ask("GET", f"/schemas/ids/{schema_id}", absent=frozenset({NO_SCHEMA})))

    async def lookup(self, subject: str, text: str) -> Version | None:
        """The version of a subject that is this schema, or None."""
        known = _version(await self._ask("POST", f"/subjects/{_part(subject)}", {"schema": text}))
        if known is not None:
            return known
        # Some registries compare texts: the same JSON may stand there with other spaces.
        ours = _json(text)
        return next((each for each in await self.versions(subject) if _json(each.text) == ours), None)

    async def register(self, subject: str, text: str) -> int:
        """The schema's id; it becomes the subject's newest version unless it is one already."""
        return _id(await self._ask("POST", f"/subjects/{_part(subject)}/versions", {"schema": text}))

    async def incompatibility(self, subject: str, text: str) -> str | None:
        """Why the subject's level refuses this schema; None where it does not, or where there is no such subject."""
        path = f"/compatibility/subjects/{_part(subject)}/versions?verbose=true"
        answer = _mapping(await self._ask("POST", path, {"schema": text}))
        if answer is None or answer.get("is_compatible") is True:
            return None
        reasons = answer.get("messages") or answer.get("reason") or "no reason given"
        return str(reasons)[:_SHOWN]

    async def level(self, subject: str) -> str | None:
        """The subject's own compatibility level, or None."""
        absent = _ABSENT | {NO_LEVEL}
        answer = _mapping(await self._ask("GET", f"/config/{_part(subject)}", absent=absent))
        return None if answer is None else str(answer.get("compatibilityLevel"))

    async def set_level(self, subject: str, level: str) -> None:
        """Set the subject's compatibility level."""
        await self._ask("PUT", f"/config/{_part(subject)}", {"compatibility": level}, absent=())

    async def versions(self, subject: str) -> list[Version]:
        """All versions of a subject, the oldest first; none where there is no such subject."""
        numbers = await self._ask("GET", f"/subjects/{_part(subject)}/versions")
        if not isinstance(numbers, list | None) or not all(type(number) is int for number in numbers or ()):
            raise RegistryDown("the registry's answer is none")
        found = [await self._ask("GET", f"/subjects/{_part(subject)}/versions/{number}") for number in numbers or ()]
        return [version for each in found if (version := _version(each)) is not None]

    async def _ask(self, method: str, path: str, body: Any = None, *, absent: Collection[int] = _ABSENT) -> Any:
        """The answer's JSON; None where the registry's error code is one of `absent`."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT, headers={"Accept": CONTENT_TYPE})
        data = None if body is None else orjson.dumps(body)
        headers = {} if data is None else {"Content-Type": CONTENT_TYPE}
        try:
            async with self._session.request(method, self._url + path, data=data, headers=headers) as answer:
                content, status = await _content(answer), answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise RegistryDown(f"the registry can't be reached: {type(error).__name__}") from error
        return _meaning(status, content, absent)


async def _content(answer: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in answer.content.iter_chunked(1 << 16):
        content += chunk
        if len(content) > ANSWER_BYTES_MAX:
            raise TooLarge(f"over {ANSWER_BYTES_MAX} bytes")
    return bytes(content)


def _meaning(status: int, content: bytes, absent: Collection[int]) -> Any:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise RegistryDown(f"the registry's answer is none, status {status}") from None
    if status == 200:
        return found
    code = found.get("error_code") if isinstance(found, dict) else None
    if code in absent:
        return None
    # 401, 403 and 404 are as likely a proxy's: who asks for a schema waits, as for a registry that is down.
    if status in {409, 422} and code is not None:
        raise RegistryRefused(str(found.get("message"))[:_SHOWN])
    raise RegistryDown(f"the registry answers with status {status}")


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _part(subject: str) -> str:
    return quote(subject, safe="")


def _mapping(answer: Any) -> Mapping[str, Any] | None:
    if not isinstance(answer, dict | None):
        raise RegistryDown("the registry's answer is none")
    return answer


def _id(answer: Any) -> int:
    found = answer.get("id") if isinstance(answer, dict) else None
    if type(found) is not int:
        raise RegistryDown("the registry's answer has no id")
    return found


def _version(answer: Any) -> Version | None:
    if answer is None:
        return None
    number, text = (answer.get("version"), answer.get("schema")) if isinstance(answer, dict) else (None, None)
    if type(number) is not int or not isinstance(text, str):
        raise RegistryDown("the registry's answer has no version or no schema")
    return Version(number, _id(answer), text)
