"""What one task's finished units want to make true: rows, ids, records to send. It counts when its commit counts."""

from collections import Counter
from typing import NamedTuple

from app.delivery.duplicates import entries
from app.engine.changelog import POSITION_KEY, Position, ids_key

Headers = tuple[tuple[str, bytes], ...]

#: A task that holds this much takes no more until it is committed: all it holds must fit one batch of its changelog.
PENDING_BYTES_MAX = 3 << 20


class Send(NamedTuple):
    """A record for a partition of another topic; timestamp is epoch ms, None for now."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp: int | None = None


class Counts:
    """What happened to the events of some units, for the metrics; counted once they are committed."""

    def __init__(self) -> None:
        self.consumed: Counter[str] = Counter()
        self.applied: Counter[tuple[str, str]] = Counter()
        self.ignored: Counter[tuple[str, str]] = Counter()
        self.duplicates: Counter[str] = Counter()
        self.retries: Counter[str] = Counter()
        self.dead_letters: Counter[tuple[str, str]] = Counter()
        self.late_dropped: Counter[str] = Counter()
        #: Record timestamps in epoch ms, for the latency from record to queryable.
        self.timestamps: list[int] = []


class Pending:
    """Changes of one task since its last commit began."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}
        #: Keys of rows that have expired, none of them in rows.
        self.deleted: list[bytes] = []
        self.index: dict[bytes, bool] = {}
        #: New scores of ranked rows: ranking's tag -> row key -> score.
        self.scores: dict[bytes, dict[bytes, int]] = {}
        #: How many rows more, or fewer, fulfil their table's tally: table's tag -> difference.
        self.tallies: Counter[bytes] = Counter()
        self.times: list[int] = []
        self.digests: list[bytes] = []
        self.expired: list[int] = []
        self.sends: list[Send] = []
        self.bytes = 0
        self.counts = Counts()
        self.offsets: dict[str, int] = {}
        self.position = Position({}, {}, 0)
        self._records: list[tuple[bytes, bytes | None]] | None = None

    def __bool__(self) -> bool:
        return bool(self.offsets)

    @property
    def sent_records(self) -> int:
        """How many records its commit sends: rows, ids, the position, outputs and dead letters."""
        return len(self.rows) + len(self.deleted) + len(self.expired) + bool(self.times) + 1 + len(self.sends)

    def records(self) -> list[tuple[bytes, bytes | None]]:
        """Rows, then ids, then the position: what one changelog batch and one WriteBatch hold. Made once: it is asked
        for when nothing is added any more."""
        if self._records is not None:
            return self._records
        records: list[tuple[bytes, bytes | None]] = list(self.rows.items())
        records += [(key, None) for key in self.deleted]
        records += [(ids_key(number), None) for number in self.expired]
        if self.times:
            records.append((ids_key(self.position.ids - 1), entries(self.times, self.digests).tobytes()))
        records.append((POSITION_KEY, self.position.encode()))
        self._records = records
        return records
