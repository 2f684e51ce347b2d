"""What a changelog partition holds: rows by key, the sources' positions, and the event ids of each commit.

A commit of one partition is one record batch: its rows, then its ids, then the position. The same keys and values go to
RocksDB in one WriteBatch, so state and position are one thing wherever they are read.
"""

import struct
from typing import NamedTuple

import orjson

from app.engine.storage import EVENT_IDS, POSITION

POSITION_KEY = POSITION
_sequence = struct.Struct(">Q")


class SourcePosition(NamedTuple):
    """How far a source partition is applied: its next offset, and its highest record timestamp so far (epoch ms)."""

    next_offset: int
    time: int


class Position(NamedTuple):
    """How far a partition's state has come.

    sources: by source topic. upstream: by partition of booking-events, the (offset, sequence) of the last reservation
    applied, so that one sent twice counts once. ids: the number of the next id record.
    writer: the transactional id of the worker that wrote this, so that the next owner can end what it left open.
    """

    sources: dict[str, SourcePosition]
    upstream: dict[int, tuple[int, int]]
    ids: int
    writer: str = ""

    def encode(self) -> bytes:
        """JSON, readable in any Kafka tool."""
        sources = {topic: list(at) for topic, at in self.sources.items()}
        fields = {"sources": sources, "upstream": self.upstream, "ids": self.ids, "writer": self.writer}
        return orjson.dumps(fields, option=orjson.OPT_NON_STR_KEYS)

    @classmethod
    def decode(cls, value: bytes | None) -> "Position":
        """The position of a record's value; the beginning for none."""
        if value is None:
            return cls({}, {}, 0)
        found = orjson.loads(value)
        return cls(
            {topic: SourcePosition(*at) for topic, at in found["sources"].items()},
            {int(partition): (at[0], at[1]) for partition, at in found["upstream"].items()},
            found["ids"],
            found.get("writer", ""),
        )


def ids_key(number: int) -> bytes:
    """Key of a commit's id record."""
    return EVENT_IDS + _sequence.pack(number)


def ids_number(key: bytes) -> int:
    """The number in an id record's key."""
    return int(_sequence.unpack_from(key, 1)[0])
