"""Records of one source topic to events, or to the reason why there is none."""

from collections.abc import Sequence

from app.domain.poison import DOES_NOT_FIT_SCHEMA, NOT_AVRO_OR_JSON, UNKNOWN_SCHEMA, Poison
from app.engine.decode.documents import DocumentPlan
from app.engine.decode.registry import Registry, RegistryUnavailable
from app.engine.decode.resolve import HEAD_BYTES, Plan, plan
from app.engine.decode.sources import SOURCES, Event, Record
from app.engine.decode.strict_json import parse
from app.engine.decode.unfit import Unfit

MAX_SCHEMA_ID = 2**31 - 1
MAX_PLANS = 1_000


class Decoder:
    """Decodes one source topic; writers' schemas come from the registry once each."""

    def __init__(self, subject: str, registry: Registry) -> None:
        self._source = SOURCES[subject]
        self._registry = registry
        self._document = DocumentPlan(self._source.reader)
        self._plans: dict[int, Plan] = {}

    def decode(self, records: Sequence[Record]) -> list[Event | Poison]:
        """One event or Poison for each record of one partition, in order; raises RegistryUnavailable, nothing else."""
        return [self._single(index, record) for index, record in enumerate(records)]

    def _single(self, index: int, record: Record) -> Event | Poison:
        value = record.value
        if not value:
            return Poison(NOT_AVRO_OR_JSON, "value is null or empty")
        try:
            if value[0] == ord("{"):
                document = parse(value)
                if document is None:
                    return Poison(NOT_AVRO_OR_JSON, "value is not JSON as RFC 8259 has it, within 1,000 levels")
                return self._source.event(self._document.read(document), record)
            if value[0] != 0 or len(value) < HEAD_BYTES:
                return Poison(NOT_AVRO_OR_JSON, "value starts neither as Avro in wire format nor as a JSON object")
            found = self._plan(int.from_bytes(value[1:HEAD_BYTES], "big"), index)
            if found is None:
                return Poison(UNKNOWN_SCHEMA, "the registry has no schema of this id")
            return self._source.event(found.read(value), record)
        except Unfit as unfit:
            return Poison(DOES_NOT_FIT_SCHEMA, str(unfit))

    def _plan(self, schema_id: int, index: int) -> Plan | None:
        found = self._plans.get(schema_id)
        if found is not None or schema_id > MAX_SCHEMA_ID:
            return found
        try:
            schema = self._registry.writer_schema(schema_id)
        except RegistryUnavailable as unavailable:
            unavailable.record = index
            raise
        if schema is None:
            return None
        if len(self._plans) >= MAX_PLANS:
            self._plans.clear()
        self._plans[schema_id] = found = plan(schema, self._source.reader)
        return found
