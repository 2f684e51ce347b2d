"""The recomputation itself, one partition after another: bookings first, for they take the hotels' nights."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import asdict
from typing import Any, NamedTuple

from app.delivery.dead_letters import SUFFIX, read_headers
from app.delivery.retries import read_headers as read_origin
from app.engine.group import BOOKINGS, INVENTORY, PAYMENTS, RETRIES, Group
from app.engine.panes import Windows
from app.engine.table import RowTable
from app.simulator.reference.model import DEAD, Reference, Reservation
from app.simulator.reference.murmur2 import partition_of
from app.simulator.reference.payments import UNMATCHED
from app.simulator.reference.poison import read_event
from app.simulator.reference.record import LogRecord
from app.simulator.verification import windows as panes
from app.simulator.verification.changelog import State
from app.simulator.verification.comparing import Difference, compare
from app.simulator.verification.reading import Bounds, Reader
from app.simulator.verification.report import Report
from app.simulator.verification.writer_schemas import WriterSchemas

SOURCES = ("booking-events", "inventory-events", "payment-events")
LETTERS = tuple(source + SUFFIX for source in SOURCES)
ROW_ID = {"booking-events": "bookingId", "payment-events": "paymentId"}
Place = tuple[str, int]  # topic, partition


class Tables(NamedTuple):
    """The tables to verify."""

    stock: RowTable[Any]
    availability: RowTable[Any]
    bookings: RowTable[Any]
    payments: RowTable[Any]
    windows: tuple[Windows, ...]


class Audit:
    """One verification; `prepare` takes the snapshot, `run` compares."""

    def __init__(self, reader: Reader, tables: Tables, schemas: WriterSchemas) -> None:
        self.report = Report()
        self._reader = reader
        self._schemas = schemas
        self._tables = tables
        self._bounds: dict[Place, Bounds] = {}
        self._dead: Counter[tuple[str, int, int]] = Counter()
        self._reserved: dict[int, list[Reservation]] = defaultdict(list)
        self._doubtful: set[tuple[int, str]] = set()  # bookings that may be older than their source's beginning
        self._occurred: list[tuple[str, int]] = []  # bookings or payments of a cut partition's events, and when

    async def prepare(self) -> int:
        """Fix how far every topic is read; the number of offsets to pass in all."""
        # Nights follow bookings: seen in this order, no reservation is without the booking record it comes from.
        for topics in ([INVENTORY.changelog], [BOOKINGS.changelog, PAYMENTS.changelog], [*LETTERS, *RETRIES, *SOURCES]):
            self._bounds |= await self._reader.bounds(topics)
        self.report.late_starts = {at: self._bounds[at].first for at in self._bounds if self._is_cut(at)}
        return sum(max(bounds.end - bounds.first, 0) for bounds in self._bounds.values())

    async def run(self) -> None:
        """Compare every row of every table."""
        for topic in LETTERS:
            for partition in self._partitions(topic):
                async for record in self._reader.records(topic, partition, self._bounds[topic, partition]):
                    letter = read_headers(record.headers)
                    if letter is not None:
                        self._dead[letter.topic, letter.partition, letter.offset] += 1
        for partition in range(BOOKINGS.partitions):
            await self._bookings(partition)
        for partition in range(PAYMENTS.partitions):
            await self._payments(partition)
        for partition in range(INVENTORY.partitions):
            await self._inventory(partition)

    async def _bookings(self, partition: int) -> None:
        state = await self._state(BOOKINGS, partition)
        model = await self._recomputed("booking-events", partition, state)
        table = self._tables.bookings
        self._compare(
            table, partition, state, {table.key(id_): asdict(row) for (_p, id_), row in model.bookings.items()}
        )
        self._windows("bookings", partition, state, model, unsure=self._unsure(table, state))
        if self._is_cut(("booking-events", partition)):
            self._doubtful.update(at for at in model.bookings if state.is_older(table.key(at[1])))

    async def _payments(self, partition: int) -> None:
        state = await self._state(PAYMENTS, partition)
        model = await self._recomputed("payment-events", partition, state)
        table = self._tables.payments
        expected = {table.key(id_): asdict(row) for (_p, id_), row in model.payments.items()}
        for (_p, id_), rows in model.alternatives.items():
            found = state.rows.get(table.key(id_))
            if found is not None and (row := table.decode(found)._asdict()) in map(asdict, rows):
                expected[table.key(id_)] = row
        self._compare(table, partition, state, expected)
        self._windows("payments", partition, state, model, unsure=self._unsure(table, state))

    async def _inventory(self, partition: int) -> None:
        state = await self._state(INVENTORY, partition)
        model = await self._recomputed("inventory-events", partition, state)
        stock, nights = self._tables.stock, self._tables.availability
        for reservation in self._reserved.pop(partition, ()):
            source, *at = reservation.source
            if tuple(at) <= state.position.upstream.get(source, (-1, 0)):
                model.take(reservation)
                if reservation.booking in self._doubtful and state.older is not None:
                    hotel, room_type, first, end, _rooms = reservation.move
                    state.older.update(nights.key(hotel, night, room_type) for night in range(first, end))
        self._compare(stock, partition, state, {stock.key(*key[1:]): asdict(row) for key, row in model.stock.items()})
        expected = {nights.key(*key[1:]): asdict(row) for key, row in model.nights.items()}
        self._compare(nights, partition, state, expected)
        self._windows("sales", partition, state, model)

    def _unsure(self, table: RowTable[Any], state: State) -> set[tuple[int, int]]:
        """Panes of events whose booking or payment is older than the source: what they changed is unknown."""
        return panes.around(at for id_, at in self._occurred if state.is_older(table.key(id_)))

    def _windows(
        self, kind: str, partition: int, state: State, model: Reference, *, unsure: Collection[tuple[int, int]] = ()
    ) -> None:
        windows = next(each for each in self._tables.windows if each.name == kind)
        counted, name = model.windows[kind], windows.table.name
        # Which of several refunds counts is written nowhere: not in which pane, nor whether it is the newest of all.
        ambiguous = kind == "payments" and model.is_ambiguous
        if ambiguous:
            self.report.left_out[windows.clock.name] += 1
        else:
            clock = {windows.clock.key(): {"newest": at} for at in counted.newest.values()}
            self._compare(windows.clock, partition, state, clock)
        found = panes.held(windows, state.rows)
        expected = panes.modelled(counted, panes.newest(windows, state.rows))
        doubtful = panes.doubtful(windows, state.older or ()).union(unsure)
        unknown = state.older is None or ambiguous
        for place in expected.keys() | found.keys():
            if unknown or place.pane in doubtful:
                self.report.left_out[name] += 1
                continue
            self.report.compared[name] += 1
            if what := compare(expected.get(place), found.get(place)):
                self.report.differences.append(Difference(name, partition, str(place), what))

    async def _state(self, group: Group, partition: int) -> State:
        sources = {source: self._bounds.get((source, partition)) for source in group.sources}
        cut = {source: at.first for source, at in sources.items() if at is not None and at.first > 0}
        upstream = range(BOOKINGS.partitions) if group is INVENTORY else ()
        firsts = {number: self._bounds["booking-events", number].first for number in upstream}
        state = State(cut, {number: first for number, first in firsts.items() if first > 0})
        place = (group.changelog, partition)
        async for record in self._reader.records(*place, self._bounds[place]):
            state.feed(record)
        return state

    async def _recomputed(self, topic: str, partition: int, state: State) -> Reference:
        waiting = await self._waiting(topic, partition, state)
        model = Reference(
            self._schemas.shapes,
            dead=self._dead,
            waiting=waiting,
            reserve=lambda each: self._reserved[each.partition].append(each),
        )
        self._occurred.clear()
        bounds = self._bounds[topic, partition]
        until = bounds._replace(end=min(state.next_offset(topic), bounds.end))
        async for found in self._reader.records(topic, partition, until):
            record = LogRecord(topic, partition, found.offset, found.timestamp, found.key, found.value)
            if record[:3] not in self._dead:
                await self._schemas.learn(record.value)
            if model.feed(record) == DEAD:
                continue
            if topic in ROW_ID and self._is_cut((topic, partition)):
                event = read_event(record, self._schemas.shapes)
                self._occurred.append((event[ROW_ID[topic]], event["occurredAt"]))
            if found.key is not None:
                belongs = partition_of(found.key, len(self._partitions(topic)))
                if belongs != partition:
                    self.report.stray(topic, partition, found.key, belongs=belongs)
        model.finish()
        self._check_letters(topic, partition, model, Bounds(bounds.first, until.end))
        return model

    async def _waiting(self, source: str, partition: int, state: State) -> set[tuple[str, int, int]]:
        """Which records of a source were in its retry topics, not tried again, as of the state."""
        found = set()
        for topic in (topic for topic, wait in RETRIES.items() if wait.source == source):
            bounds = self._bounds[topic, partition]
            behind = Bounds(max(state.next_offset(topic), bounds.first), bounds.end)
            async for record in self._reader.records(topic, partition, behind):
                origin = read_origin(record.headers, source)
                if origin is not None:
                    found.add(origin[:3])
        return found

    def _check_letters(self, topic: str, partition: int, model: Reference, read: Bounds) -> None:
        if self._bounds[topic + SUFFIX, partition].first > 0:
            return
        for dead in model.dead_letters:
            if dead.reason == UNMATCHED and read.first > 0:
                continue  # its payment may have completed before the source's beginning
            what = f"{dead.reason} expected, no letter found"
            self.report.differences.append(Difference(topic + SUFFIX, partition, f"offset {dead.record.offset}", what))
        for (_topic, _partition, offset), times in self._dead.items():
            if (_topic, _partition) == (topic, partition) and read.first <= offset < read.end and times > 1:
                what = f"1 letter expected, {times} found"
                self.report.differences.append(Difference(topic + SUFFIX, partition, f"offset {offset}", what))

    def _compare(
        self, table: RowTable[Any], partition: int, state: State, expected: dict[bytes, dict[str, Any]]
    ) -> None:
        name, tag = table.name, table.format.tag
        found = {key: value for key, value in state.rows.items() if key[:1] == tag}
        for key in expected.keys() | found.keys():
            if key in found and state.is_older(key):
                self.report.left_out[name] += 1
                continue
            self.report.compared[name] += 1
            row = table.decode(found[key])._asdict() if key in found else None
            if what := compare(expected.get(key), row):
                parts = " / ".join(str(part) for part in table.parts(key))
                self.report.differences.append(Difference(name, partition, parts, what))

    def _is_cut(self, place: Place) -> bool:
        return place[0] in SOURCES and self._bounds[place].first > 0

    def _partitions(self, topic: str) -> range:
        return range(sum(1 for name, _partition in self._bounds if name == topic))
