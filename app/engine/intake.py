"""From records to reads: decoded, and cut so that no unit keeps the event loop for more than some milliseconds."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from app.delivery.retries import tried
from app.engine.breaker import Breaker
from app.engine.decode import Decoder as EventDecoder
from app.engine.decode.movements import Movements
from app.engine.decode.registry import NotYet, Registry, SlowRecord
from app.engine.group import GROUP_OF_SOURCE, INTERNAL_SOURCES, RETRIES
from app.engine.unit import Read
from schemas import reservations
from schemas.inventory import InventoryEvent
from schemas.payments import COMPLETED_SUBJECT
from schemas.reservations import ReservationEvent

#: Records that are decoded at once; where they end up in columns they are one unit.
RECORDS_MAX = 2_000
#: A JSON document of this size may take some 50 ms; larger ones are read in a thread.
PATIENCE_BYTES = 1 << 18
#: Rows a unit may change else; an event for a year of nights counts as many as its nights.
ROWS_MAX = 1_000
#: Sources with texts of any length that stand in their rows: there a KiB counts as a row, so that a unit fits a batch.
_WITH_LONG_TEXTS = frozenset({"booking-events", "payment-events", *RETRIES})


class Decoder(Protocol):
    """Events, or why there is none, of records of one source."""

    def decode(self, records: Sequence[Any]) -> Sequence[Any]:
        """One result a record, in order; raises NotYet."""


class ReservationDecoder:
    """The application's own records: anything wrong in them is a bug, not input."""

    def decode(self, records: Sequence[Any]) -> Sequence[ReservationEvent]:
        """One event a record."""
        return [reservations.decode(record.value) for record in records]


class Intake:
    """Decoders by source topic."""

    def __init__(self, decoders: dict[str, Decoder], breaker: Breaker) -> None:
        self._decoders = decoders
        self._breaker = breaker
        self._beside = asyncio.Lock()

    def read(self, topic: str, start: int, stop: int, records: Sequence[Any], *, partition: int) -> Iterator[Read]:
        """Reads that cover the offsets [start, stop), of which these are all records, in order.

        Raises NotYet when all in front of the record that can't be decoded has been given.
        """
        decoder = self._decoders[topic]
        if topic in RETRIES:
            records = tried(records, RETRIES[topic].source)
        if start < stop and not records:
            yield Read(topic, start, stop, (), ())
        done, in_work = 0, self._breaker.in_work
        for part, verdict in self._breaker.pieces(topic, partition, records, RECORDS_MAX):
            done += len(part)
            if verdict is None:
                in_work.enter(topic, partition, part[0].offset, part[-1].offset + 1)
                decoded, missing = _decoded(decoder, part)
                in_work.leave()
            else:
                decoded, missing = [verdict], None
            for first, last in _cuts(topic, part, decoded):
                is_last = last == len(part) and done == len(records)
                end = stop if is_last else part[last - 1].offset + 1
                is_whole = last - first == len(decoded)
                yield Read(topic, start, end, part[first:last], decoded if is_whole else decoded[first:last])
                start = end
            if missing is not None:
                raise missing

    async def read_beside(self, slow: SlowRecord, place: tuple[str, int], offset: int) -> None:
        """Read a slow record, which lies at this offset, while the event loop goes on."""
        async with self._beside:
            in_work = self._breaker.beside
            in_work.enter(*place, offset, offset + 1)
            await asyncio.to_thread(slow.read)
            in_work.leave()


def _decoded(decoder: Decoder, part: Sequence[Any]) -> tuple[Sequence[Any], NotYet | None]:
    """What can be decoded of a list, from its first record on, and why not the rest."""
    missing = None
    while part:
        try:
            return decoder.decode(part), missing
        except NotYet as unavailable:
            # A record before this one may need a schema, too, that was asked for after it.
            missing, part = unavailable, part[: unavailable.record]
    return (), missing


def _has_spans(decoded: Sequence[Any]) -> bool:
    """Whether some of the events are about spans of nights."""
    kind = decoded[0].__class__ if decoded else InventoryEvent
    return kind is not InventoryEvent or any(event[1] == "HOTEL" for event in decoded)


def _rows(event: Any) -> int:
    """How many rows an event may change."""
    kind = event.__class__
    if kind is ReservationEvent:
        return int(event.last_night - event.first_night)
    # A store's event may carry any dates; a hotel's nights were checked.
    if kind is InventoryEvent and event.location_type == "HOTEL":
        return int(event.stay_to - event.stay_from)
    return 1


def _kib(record: Any) -> int:
    """Whole KiB of a record."""
    return (len(record.value or b"") + len(record.key or b"")) >> 10


def _cuts(topic: str, part: Sequence[Any], decoded: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """Ranges of indexes that hold at most ROWS_MAX rows each, or one event; what is in columns stays whole."""
    if isinstance(decoded, Movements):
        yield 0, len(decoded)
        return
    rows = [_rows(event) for event in decoded] if _has_spans(decoded) else [1] * len(decoded)
    if topic in _WITH_LONG_TEXTS:
        rows = [n + _kib(record) for n, record in zip(rows, part, strict=False)]
    if sum(rows) <= ROWS_MAX:
        if rows:
            yield 0, len(rows)
        return
    first, held = 0, 0
    for i, n in enumerate(rows):
        if held and held + n > ROWS_MAX:
            yield first, i
            first, held = i, 0
        held += n
    yield first, len(rows)


class WritersDecoder:
    """The decoder of a source whose events make us write Avro ourselves: nothing is read before our schema has its
    id."""

    def __init__(self, decoder: Decoder, registry: Registry, subject: str) -> None:
        self._decoder = decoder
        self._registry = registry
        self._subject = subject

    def decode(self, records: Sequence[Any]) -> Sequence[Any]:
        """As the decoder it stands for; raises NotYet."""
        self._registry.output_id(self._subject)
        return self._decoder.decode(records)


def decoders(registry: Registry) -> dict[str, Decoder]:
    """A decoder for each source."""
    found: dict[str, Decoder] = {source: ReservationDecoder() for source in INTERNAL_SOURCES}
    for source in GROUP_OF_SOURCE.keys() - INTERNAL_SOURCES - RETRIES.keys():
        found[source] = EventDecoder(source, registry, patience_bytes=PATIENCE_BYTES)
    found["payment-events"] = WritersDecoder(found["payment-events"], registry, COMPLETED_SUBJECT)
    for topic, wait in RETRIES.items():
        found[topic] = found[wait.source]
    return found
