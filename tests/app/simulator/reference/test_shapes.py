import fastavro
import pytest

from app.simulator.reference.shapes import BY_ID
from schemas.bundled import BUNDLED


@pytest.mark.parametrize("schema_id", sorted(BY_ID))
def test_the_bundled_schemas_are_the_contract_s(schema_id: int) -> None:
    assert sorted(BUNDLED) == sorted(BY_ID)
    ours, bundled = (fastavro.schema.to_parsing_canonical_form(each[schema_id]) for each in (BY_ID, BUNDLED))
    assert ours == bundled
    assert [defaults(each[schema_id]) for each in (BY_ID,)] == [defaults(each[schema_id]) for each in (BUNDLED,)]


def defaults(schema: dict[str, object]) -> list[tuple[object, object]]:
    fields = schema["fields"]
    assert isinstance(fields, list)
    return [(field["name"], field.get("default", "none")) for field in fields]
