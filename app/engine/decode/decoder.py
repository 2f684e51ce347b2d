"""Records of one source topic to events, or to the reason why there is none."""

from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np

from app.delivery.dead_letters import VALUE_BYTES_MAX
from app.domain.poison import DOES_NOT_FIT_SCHEMA, NOT_AVRO_OR_JSON, UNKNOWN_SCHEMA, Poison
from app.engine.decode.columns import ColumnStep, column_steps, read_batch
from app.engine.decode.cursor import Content, Ints
from app.engine.decode.documents import DocumentPlan
from app.engine.decode.movements import Movements
from app.engine.decode.registry import Registry, RegistryUnavailable, SlowRecord
from app.engine.decode.resolve import HEAD_BYTES, Plan, plan
from app.engine.decode.shape import Unfit
from app.engine.decode.sources import SOURCES, Event, Record
from app.engine.decode.strict_json import parse
from app.engine.decode.wire import Group, joined

MAX_SCHEMA_ID = 2**31 - 1
MAX_WRITERS = 1_000
#: Below this many records of one schema, reading them one by one is cheaper than numpy's calls.
MIN_BATCH = 32


class Writer(NamedTuple):
    """How records of one writer's schema are read: one by one, and in columns where that can be."""

    plan: Plan
    steps: tuple[ColumnStep, ...] | None


class Decoder:
    """Decodes one source topic. Avro goes by columns, from min_batch records of one writer's schema on; what is odd or
    wrong in them is read again, by itself.
    """

    def __init__(
        self,
        subject: str,
        registry: Registry,
        *,
        min_batch: int = MIN_BATCH,
        patience_bytes: int = VALUE_BYTES_MAX,
    ) -> None:
        self._min_batch = max(min_batch, 1)
        #: JSON beyond this raises SlowRecord.
        self._patience_bytes = patience_bytes
        #: What was read beside, until a list with it is decoded: a slow record behind it makes that happen twice.
        self._known: tuple[bytes, Event | Poison] | None = None
        self._source = SOURCES[subject]
        self._registry = registry
        self._document = DocumentPlan(self._source.reader)
        self._writers: dict[int, Writer] = {}

    def decode(self, records: Sequence[Record]) -> Sequence[Event | Poison]:
        """One event or Poison for each record of one partition, in order; raises NotYet, nothing else."""
        found = self._decoded(records)
        self._known = None
        return found

    def _decoded(self, records: Sequence[Record]) -> Sequence[Event | Poison]:
        if len(records) < self._min_batch:
            return [self._single(index, record) for index, record in enumerate(records)]
        decoded = self._by_columns(records)
        if isinstance(decoded, Movements):
            return decoded
        # Events are true and None is not, so that a batch without any odd record is not gone through again.
        if all(decoded):
            return cast("Sequence[Event | Poison]", decoded)
        return [self._single(index, records[index]) if event is None else event for index, event in enumerate(decoded)]

    def _by_columns(self, records: Sequence[Record]) -> Sequence[Event | None]:
        """Events of those records that can be read in columns; None for the others."""
        decoded: list[Event | None] = [None] * len(records)
        content, groups = joined([record.value for record in records])
        timestamps = np.array([record.timestamp for record in records], np.int64)
        for group, writer in zip(groups, self._writers_of(groups), strict=True):
            if writer is None or writer.steps is None or len(group.rows) < self._min_batch:
                continue
            rows, events = self._group(
                records, content, group=group, steps=writer.steps, timestamps=timestamps[group.rows]
            )
            if len(rows) == len(records):
                return events
            for row, event in zip(rows, events, strict=True):
                decoded[row] = event
        return decoded

    def _writers_of(self, groups: Sequence[Group]) -> list[Writer | None]:
        """Each group's writer; all that are missing are asked for before the first of them is reported."""
        writers: list[Writer | None] = []
        first: RegistryUnavailable | None = None
        for group in groups:
            try:
                writers.append(self._writer(group.schema_id, int(group.rows[0])))
            except RegistryUnavailable as unavailable:
                first = first or unavailable
        if first is not None:
            raise first
        return writers

    def _group(
        self,
        records: Sequence[Record],
        content: Content,
        *,
        group: Group,
        steps: tuple[ColumnStep, ...],
        timestamps: Ints,
    ) -> tuple[list[int], Sequence[Event | None]]:
        """Indexes of the group's good records, with their events; None where one has to be read by itself."""
        source, rows = self._source, group.rows
        batch, good = read_batch(content, group.starts, ends=group.ends, steps=steps, width=len(source.reader.fields))
        good &= source.good(batch, timestamps)
        if not good.all():
            rows, batch, timestamps = rows[good], batch.at(good), timestamps[good]
        indexes = rows.tolist()
        chosen = records if len(indexes) == len(records) else [records[row] for row in indexes]
        return indexes, source.made(batch, [record.key for record in chosen], timestamps)

    def _single(self, index: int, record: Record) -> Event | Poison:
        value = record.value
        if not value:
            return Poison(NOT_AVRO_OR_JSON, "value is null or empty")
        if len(value) > self._patience_bytes:
            return self._large(index, record, value)
        return self._read(index, record, value)

    def _large(self, index: int, record: Record, value: bytes) -> Event | Poison:
        """A record that takes long to read: read beside the event loop, or not at all."""
        if self._known is not None and self._known[0] is value:
            return self._known[1]
        is_json = value[0] == ord("{")
        if len(value) <= VALUE_BYTES_MAX:
            if is_json and self._patience_bytes < VALUE_BYTES_MAX:
                raise SlowRecord(index, lambda: self._remember(index, record, value))
            return self._read(index, record, value)
        if is_json or (value[0] == 0 and self._writer(int.from_bytes(value[1:HEAD_BYTES], "big"), index)):
            return Poison(DOES_NOT_FIT_SCHEMA, f"value is over {VALUE_BYTES_MAX} bytes")
        return self._read(index, record, value[:HEAD_BYTES])

    def _remember(self, index: int, record: Record, value: bytes) -> None:
        self._known = value, self._read(index, record, value)

    def _read(self, index: int, record: Record, value: bytes) -> Event | Poison:
        try:
            if value[0] == ord("{"):
                document = parse(value, self._document.names)
                if document is None:
                    return Poison(NOT_AVRO_OR_JSON, "value is not JSON as RFC 8259 has it, within 1,000 levels")
                return self._source.event(self._document.read(document), record)
            if value[0] != 0 or len(value) < HEAD_BYTES:
                return Poison(NOT_AVRO_OR_JSON, "value starts neither as Avro in wire format nor as a JSON object")
            writer = self._writer(int.from_bytes(value[1:HEAD_BYTES], "big"), index)
            if writer is None:
                return Poison(UNKNOWN_SCHEMA, "the registry has no schema of this id")
            return self._source.event(writer.plan.read(value), record)
        except Unfit as unfit:
            return Poison(DOES_NOT_FIT_SCHEMA, str(unfit))

    def _writer(self, schema_id: int, index: int) -> Writer | None:
        known = self._writers.get(schema_id)
        if known is not None or schema_id > MAX_SCHEMA_ID:
            return known
        try:
            schema = self._registry.writer_schema(schema_id)
        except RegistryUnavailable as unavailable:
            unavailable.record = index
            raise
        if schema is None:
            return None
        if len(self._writers) >= MAX_WRITERS:
            self._writers.clear()
        found = plan(schema, self._source.reader)
        self._writers[schema_id] = writer = Writer(found, column_steps(found, self._source.reader))
        return writer
