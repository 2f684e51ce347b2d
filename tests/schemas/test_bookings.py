from schemas.bookings import BookingEvent
from schemas.bundled import BOOKING_EVENT_V2, BUNDLED


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def test_fields_are_those_of_the_schema_and_the_region_of_the_key() -> None:
    schema = {field["name"] for field in BUNDLED[BOOKING_EVENT_V2]["fields"]}
    assert {camel(name) for name in BookingEvent._fields} == schema | {"region"}
