"""Tables of rows and their indexes, as Faust tables whose storage and changelog are the engine's.

A table belongs to a group: the sources, tables and changelog that share one partitioning. Faust knows the group's
changelog topic by the table, so its assignor co-partitions it and places standbys; rows are kept by
app.engine.task.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import faust
import msgspec
from faust.types import TP

from app.engine.keys import KeyFormat, Part
from app.engine.partitioner import partition_of
from app.engine.ranking import Ranking

Row = TypeVar("Row")

#: Keys, rows before (None for new ones) and rows after, in one order -> index entries: whether they are there then.
Reindex = Callable[[Sequence[bytes], Sequence[Row | None], Sequence[Row]], dict[bytes, bool]]


class Tally(NamedTuple):
    """Rows of an indexed table that count as long as they are as `count` wants them; None is a row not yet there."""

    name: str
    count: Callable[[Iterable[Any | None]], int]


class Index(NamedTuple):
    """A secondary order of a table's rows, kept beside them in the same store and never in the changelog."""

    name: str
    group: str
    format: KeyFormat
    help: str

    def key(self, *parts: Part) -> bytes:
        """Bytes of an entry's key."""
        return self.format.pack(*parts)

    def parts(self, key: bytes) -> tuple[Part, ...]:
        """The parts of an entry's key."""
        return self.format.unpack(key)

    def prefix(self, *leading: Part) -> tuple[bytes, bytes]:
        """First key and the key behind the last of the entries that begin with these parts."""
        return self.format.span(*leading)

    def decode(self, _value: bytes) -> None:
        """Entries carry no row: the key says it all."""


class RowTable(faust.Table, Generic[Row]):  # type: ignore[misc]
    """A Faust table whose rows live in the engine's partition stores; one writer, one changelog for the group."""

    group: str
    format: KeyFormat
    encode: Callable[[Row], bytes]
    decode: Callable[[bytes], Row]
    reindex: Reindex[Row] | None

    def __init__(
        self, app: faust.App, *, group: str, format: KeyFormat, rows: "RowFormat[Row]", **options: Any
    ) -> None:
        super().__init__(app, **options)
        self.group = group
        self.indexes = rows.indexes
        self.ranking = rows.ranking
        self.tally = rows.tally
        self.format = format
        self.encode = rows.encode
        self.decode = rows.decode
        self.reindex = rows.reindex
        self.key = format.pack

    def parts(self, key: bytes) -> tuple[Part, ...]:
        """The parts of a row's key."""
        return self.format.unpack(key)

    def prefix(self, *leading: Part) -> tuple[bytes, bytes]:
        """First key and the key behind the last of the rows whose keys begin with these parts."""
        return self.format.span(*leading)

    def partition(self, source_key: str) -> int:
        """The partition in which rows of a source key live where producers partition as the contract says."""
        return partition_of(source_key.encode(), self.partitions)

    async def on_start(self) -> None:
        """Nothing to start: the engine opens a partition's store when the partition is assigned."""

    async def on_rebalance(self, *_: Any, **__: Any) -> None:
        """Assignment is handled for whole groups by app.engine.restore."""

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Nothing to do: each partition is opened by itself when its own restore ends."""


class RowFormat(Generic[Row]):
    """How a table's rows become MessagePack arrays and back, and which index entries a change of one makes or ends."""

    def __init__(
        self,
        row: type[Row],
        reindex: Reindex[Row] | None = None,
        indexes: tuple[Index, ...] = (),
        *,
        ranking: Ranking | None = None,
        tally: Tally | None = None,
    ) -> None:
        self.encode: Callable[[Row], bytes] = msgspec.msgpack.Encoder().encode
        self.decode: Callable[[bytes], Row] = msgspec.msgpack.Decoder(row).decode
        self.reindex = reindex
        self.indexes = indexes
        self.ranking = ranking
        self.tally = tally
