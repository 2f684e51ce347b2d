"""What a dead letter looks like: the source record's bytes, and where it came from and why in its headers."""

import hashlib
from typing import NamedTuple, Protocol

SUFFIX = "-dlt"
VALUE_BYTES_MAX = 67_108_864
KEY_BYTES_MAX = 33_554_432  # key, value and headers must fit one request, of 100 MiB at most
KEPT_BYTES = 1_024

Headers = tuple[tuple[str, bytes], ...]


class Cut(bytes):
    """The first bytes of a key or value too large to be kept: its length is that of the whole, it is no text, and its
    SHA-256 (hex) is known."""

    length: int
    digest: str

    def __len__(self) -> int:
        return self.length

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Raises UnicodeDecodeError."""
        raise UnicodeDecodeError(encoding, b"", 0, 0, "only a part of it is there")

    @classmethod
    def of(cls, first: bytes, length: int, digest: str) -> "Cut":
        """What is left of `length` bytes."""
        made = cls(first)
        made.length, made.digest = length, digest
        return made


class SourceRecord(Protocol):
    """A record as it was read from its source topic; timestamp in epoch ms."""

    @property
    def partition(self) -> int: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def timestamp(self) -> int: ...  # noqa: D102
    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102


class Letter(NamedTuple):
    """The headers of a dead letter; partition, offset and timestamp (epoch ms) are those of the source record."""

    reason: str
    error: str
    topic: str
    partition: int
    offset: int
    attempts: int
    timestamp: int
    truncated: bool


def letter(
    record: SourceRecord, topic: str, *, reason: str, error: str, attempts: int
) -> tuple[bytes | None, bytes | None, Headers]:
    """Key, value and headers of the dead letter of a record of `topic`; parts too large are cut, and say so."""
    facts = (
        ("reason", reason),
        ("error", error),
        ("topic", topic),
        ("partition", record.partition),
        ("offset", record.offset),
        ("attempts", attempts),
        ("timestamp", record.timestamp),
    )
    headers = [(f"dlt-{name}", str(value).encode()) for name, value in facts]
    value = _cut(record.value, VALUE_BYTES_MAX, headers, "dlt-truncated")
    key = _cut(record.key, KEY_BYTES_MAX, headers, "dlt-truncated-key")
    return key, value, tuple(headers)


def read_headers(headers: Headers) -> Letter | None:
    """What a record's headers say about a dead letter; None for a record that is none."""
    said = {name: value.decode("utf-8", "replace") for name, value in headers if value is not None}
    try:
        return Letter(
            reason=said["dlt-reason"],
            error=said["dlt-error"],
            topic=said["dlt-topic"],
            partition=int(said["dlt-partition"]),
            offset=int(said["dlt-offset"]),
            attempts=int(said["dlt-attempts"]),
            timestamp=int(said["dlt-timestamp"]),
            truncated="dlt-truncated" in said or "dlt-truncated-key" in said,
        )
    except (KeyError, ValueError):
        return None


def _cut(data: bytes | None, most: int, headers: list[tuple[str, bytes]], header: str) -> bytes | None:
    if data is None or (len(data) <= most and not isinstance(data, Cut)):
        return data
    if not isinstance(data, Cut):
        data = Cut.of(data[:KEPT_BYTES], len(data), hashlib.sha256(data).hexdigest())
    headers.append((header, str(data.length).encode()))
    return data.digest.encode() + b"\n" + data[:KEPT_BYTES]
