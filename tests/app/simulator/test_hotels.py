from random import Random

from app.simulator.encoding import day_number
from app.simulator.hotels import DAY, EVENTS, HOTELS, ROOM_TYPES, Hotels


def test_every_room_type_is_allotted_before_anything_changes() -> None:
    hotels = Hotels(Random(1))
    first = [hotels.next(f"e{number}", 20_000 * DAY) for number in range(HOTELS * len(ROOM_TYPES))]
    assert not hotels.opening
    assert {event["eventType"] for event in first} == {"ALLOTMENT"}
    assert len({(event["locationId"], event["itemId"]) for event in first}) == HOTELS * len(ROOM_TYPES)


def test_later_events_are_of_every_kind_and_have_nights() -> None:
    hotels = Hotels(Random(1))
    events = [hotels.next(f"e{number}", 20_000 * DAY) for number in range(1_000)]
    assert {event["eventType"] for event in events} == set(EVENTS)
    assert all(20_000 <= day_number(event["stayFrom"]) < day_number(event["stayTo"]) for event in events)
