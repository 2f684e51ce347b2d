"""What a record looks like on its way through the retry topics: the source record's bytes, and in its headers where it
came from."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from app.delivery.dead_letters import KEY_BYTES_MAX, VALUE_BYTES_MAX, Headers, SourceRecord

#: How long a record waits in <source>-retry-1, -retry-2, ..., from its timestamp there, in ms.
DELAYS_MS = (1_000, 2_000)

_BEYOND = 1 << 63  # Kafka's numbers have 64 bits
_DIGITS_MAX = len(str(-_BEYOND))


class Origin(NamedTuple):
    """Where a record lies in its source topic, and how often it was tried.

    timestamp is the record's; time is the highest one of its partition up to it (contract, rule 1); both epoch ms.
    """

    topic: str
    partition: int
    offset: int
    timestamp: int
    time: int
    attempts: int


class Tried(NamedTuple):
    """A record of a retry topic: offset is its own there, timestamp (epoch ms) that of the source record.

    origin is None where somebody else put it there: then it is its own source record.
    """

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    origin: Origin | None


def retry_topics(source: str) -> tuple[str, ...]:
    """A source's retry topics, in the order a record goes through them."""
    return tuple(f"{source}-retry-{n}" for n, _ in enumerate(DELAYS_MS, 1))


def next_topic(record: SourceRecord, origin: Origin) -> str | None:
    """Where a record goes that was tried so often in vain; None: to the dead letters.

    So does one that no request could carry whole: a letter may be cut, what is to be tried again may not.
    """
    if not 0 < origin.attempts <= len(DELAYS_MS):
        return None
    if len(record.value or b"") > VALUE_BYTES_MAX or len(record.key or b"") > KEY_BYTES_MAX:
        return None
    return retry_topics(origin.topic)[origin.attempts - 1]


def headers(origin: Origin) -> Headers:
    """Text headers of a record on its way to a retry topic."""
    return tuple((f"retry-{name}", str(value).encode()) for name, value in origin._asdict().items())


def read_headers(found: Headers, source: str) -> Origin | None:
    """Where a record of a retry topic of `source` comes from; None for one that somebody else put there."""
    said = {name: value for name, value in found if value is not None}
    try:
        numbers = [_number(said[f"retry-{name}"]) for name in Origin._fields[1:]]
        return Origin(source, *numbers) if said["retry-topic"] == source.encode() else None
    except (KeyError, ValueError):
        return None


def tried(records: Sequence[Any], source: str) -> list[Tried]:
    """Records of a retry topic of `source`, with what their headers say."""
    found = []
    for record in records:
        origin = read_headers(record.headers, source)
        timestamp = record.timestamp if origin is None else origin.timestamp
        found.append(Tried(record.offset, timestamp, record.key, record.value, origin))
    return found


def due(records: Sequence[Any], delay_ms: int, now: int) -> tuple[int, int]:
    """How many records, from the first on, have waited their time; and how many ms the next one still has to.

    Time runs from a record's timestamp in the retry topic. A clock that was ahead then makes nothing wait for longer
    than the delay.
    """
    for count, record in enumerate(records):
        wait_ms = record.timestamp + delay_ms - now
        if wait_ms > 0:
            return count, min(wait_ms, delay_ms)
    return len(records), 0


def _number(text: bytes) -> int:
    number = int(text) if len(text) <= _DIGITS_MAX else _BEYOND
    if not -_BEYOND <= number < _BEYOND:
        raise ValueError
    return number
