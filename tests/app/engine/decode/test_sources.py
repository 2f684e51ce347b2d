from app.domain.poison import Poison
from app.engine.decode.sources import SOURCES
from tests.app.engine.decode.records import BOOKINGS, DOCUMENTS, EVENTS, INVENTORY, KEYS, NOW, PAYMENTS, TOPICS, Record


def test_fields_become_events() -> None:
    for topic in TOPICS:
        values = list(DOCUMENTS[topic].values())
        assert SOURCES[topic].event(values, Record(KEYS[topic], b"")) == EVENTS[topic]


def test_room_type_and_rooms_are_missing_together_or_not_at_all() -> None:
    values = [None if name in ("roomType", "rooms") else value for name, value in DOCUMENTS[BOOKINGS].items()]
    event = SOURCES[BOOKINGS].event
    assert event(values, Record(b"c1:eu", b"")) == EVENTS[BOOKINGS]._replace(room_type=None, rooms=None)
    defaults = {field.name: field.default for field in SOURCES[BOOKINGS].reader.fields}
    assert (defaults["roomType"], defaults["rooms"], defaults["occurredAt"]) == (None, None, 0)


def test_a_booking_without_a_time_has_its_records() -> None:
    values = [0 if name == "occurredAt" else value for name, value in DOCUMENTS[BOOKINGS].items()]
    event = SOURCES[BOOKINGS].event
    assert event(values, Record(b"c1:eu", b"", NOW + 7)) == EVENTS[BOOKINGS]._replace(occurred_at=NOW + 7)
    assert isinstance(event(values, Record(b"c1:eu", b"", -1)), Poison)


def test_other_keys_are_a_mismatch() -> None:
    for topic in (BOOKINGS, INVENTORY, PAYMENTS):
        poison = SOURCES[topic].event(list(DOCUMENTS[topic].values()), Record(b"other", b""))
        assert isinstance(poison, Poison)
        assert poison.reason == "key-mismatch"
