"""Event files: one line `{"topic", "key", "value", "timestamp"?}` an event, optionally gzip."""

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import orjson

from app.simulator.encoding import WRITERS
from app.simulator.outgoing import Outgoing

GZIP_MAGIC = b"\x1f\x8b"
TOPICS = tuple(WRITERS)


class BadLine(Exception):
    """A file that can't be read further; says which line, and what is wrong with it, never what it holds."""


class Line(NamedTuple):
    """One event of a file: the record to send, and how many bytes of the file are read by then."""

    record: Outgoing
    read: int


def read(path: Path) -> Iterator[Line]:
    """Every event of the file in order; due counts from the first `timestamp`. Raises BadLine."""
    first: int | None = None
    with path.open("rb") as raw:
        content = _unpacked(raw)
        for number, text in _lines(content):
            event = _parsed(text, number)
            happened = event.get("timestamp")
            if happened is not None and first is None:
                first = happened
            due = None if happened is None or first is None else max(happened - first, 0) / 1_000
            yield Line(Outgoing(event["topic"], _key(event), _value(event), due), raw.tell())


def write(path: Path, events: Iterable[dict[str, Any]]) -> int:
    """Write a gzip event file, the same bytes for the same events; returns how many there were."""
    count = 0
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        for event in events:
            packed.write(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    return count


def _unpacked(raw: BinaryIO) -> BinaryIO:
    magic = raw.read(len(GZIP_MAGIC))
    raw.seek(0)
    return gzip.GzipFile(fileobj=raw, mode="rb") if magic == GZIP_MAGIC else raw  # type: ignore[return-value]


def _lines(content: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    try:
        for number, text in enumerate(content, 1):
            if text.strip():
                yield number, text
    except (EOFError, OSError) as error:
        raise BadLine(f"line {number + 1}: {error}") from error


def _parsed(text: bytes, number: int) -> dict[str, Any]:
    try:
        event = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadLine(f"line {number}: not JSON") from None
    if not isinstance(event, dict):
        raise BadLine(f"line {number}: not a JSON object")
    if event.get("topic") not in TOPICS:
        raise BadLine(f"line {number}: topic must be one of {', '.join(TOPICS)}")
    if not isinstance(event.get("key", ...), str | None):
        raise BadLine(f"line {number}: key must be text, or null")
    if not isinstance(event.get("value", ...), dict | None):
        raise BadLine(f"line {number}: value must be an object, or null")
    if event["key"] is None and event["value"] is None:
        raise BadLine(f"line {number}: key and value can't both be null")
    happened = event.get("timestamp")
    if isinstance(happened, bool) or not isinstance(happened, int | None):
        raise BadLine(f"line {number}: timestamp must be epoch milliseconds")
    return event


def _key(event: dict[str, Any]) -> bytes | None:
    return None if event["key"] is None else event["key"].encode()


def _value(event: dict[str, Any]) -> bytes | None:
    return None if event["value"] is None else orjson.dumps(event["value"])
