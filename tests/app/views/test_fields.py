import orjson
import pytest
from pydantic import TypeAdapter

from app.views.fields import BookingStatus, PaymentStatus
from schemas.bundled import schema_text


@pytest.mark.parametrize(("field", "schema_id"), [(BookingStatus, 2), (PaymentStatus, 4)])
def test_statuses_are_those_of_the_events(field: object, schema_id: int) -> None:
    fields = {each["name"]: each["type"] for each in orjson.loads(schema_text(schema_id))["fields"]}
    assert TypeAdapter(field).json_schema()["enum"] == fields["status"]["symbols"]
