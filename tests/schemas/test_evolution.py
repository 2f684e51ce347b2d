"""Every version of a schema must be readable by every newer one (BACKWARD_TRANSITIVE), or producers had to stop."""

import json
import re
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import make_avsc_object

from schemas.bundled import BUNDLED, FILES, SUBJECTS

FOLDER = Path(__file__).parents[2] / "schemas" / "avro"


def reads(reader: dict[str, Any], writer: dict[str, Any]) -> list[str]:
    """What keeps a reader from reading what a writer wrote; nothing where it can."""
    # A logical type changes no byte, and Avro's own check refuses one beside a plain long.
    schemas = [make_avsc_object(_plain(schema)) for schema in (reader, writer)]
    found = ReaderWriterCompatibilityChecker().get_compatibility(*schemas)
    good = found.compatibility is SchemaCompatibilityType.compatible
    return [] if good else [*found.messages] or ["incompatible"]


def _plain(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if isinstance(schema, dict):
        return {name: _plain(value) for name, value in schema.items() if name != "logicalType"}
    return schema


def versions() -> dict[str, list[dict[str, Any]]]:
    """Every schema in schemas/avro, by record, the oldest first: name.avsc, or name_v1.avsc, name_v2.avsc, ..."""
    numbered: dict[str, dict[int, Any]] = defaultdict(dict)
    for file in FOLDER.glob("*.avsc"):
        found = re.fullmatch(r"(\w+?)(?:_v(\d+))?\.avsc", file.name)
        assert found is not None, file.name
        numbered[found[1]][int(found[2] or 1)] = json.loads(file.read_text("utf-8"))
    return {name: [schemas[number] for number in sorted(schemas)] for name, schemas in numbered.items()}


@pytest.mark.parametrize("name", sorted(versions()))
def test_every_version_reads_all_older_ones(name: str) -> None:
    schemas = versions()[name]
    assert [reads(new, old) for old, new in combinations(schemas, 2)] == [[]] * (len(schemas) * (len(schemas) - 1) // 2)
    assert reads(schemas[-1], schemas[-1]) == []


def test_every_file_is_bundled_and_under_a_subject() -> None:
    assert sorted(FILES.values()) == sorted(file.name for file in FOLDER.glob("*.avsc"))
    assert sorted(schema_id for ids in SUBJECTS.values() for schema_id in ids) == sorted(BUNDLED)


def changed(**fields: Any) -> dict[str, Any]:
    """The newest booking with a field added or changed; None takes it away."""
    schema = versions()["booking_event"][-1]
    kept = [fields.pop(field["name"], field) for field in schema["fields"]]
    return {**schema, "fields": [field for field in [*kept, *fields.values()] if field is not None]}


@pytest.mark.parametrize(
    "schema",
    [
        changed(note={"name": "note", "type": "string"}),
        changed(totalAmount={"name": "totalAmount", "type": "long"}),
        changed(status={"name": "status", "type": {"type": "enum", "name": "BookingStatus", "symbols": ["PENDING"]}}),
        changed(bookingId={"name": "id", "type": "string"}),
    ],
    ids=["a field without a default", "another type", "symbols taken away", "a field renamed"],
)
def test_what_would_break_older_writers_is_refused(schema: dict[str, Any]) -> None:
    assert any(reads(schema, old) for old in versions()["booking_event"])


def test_an_optional_field_more_is_no_break() -> None:
    newer = changed(note={"name": "note", "type": ["null", "string"], "default": None})
    assert not any(reads(newer, old) for old in versions()["booking_event"])
