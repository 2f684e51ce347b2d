from collections import Counter

from app.simulator.reference.model import PARTITIONS, Reference
from app.simulator.reference.murmur2 import partition_of
from app.simulator.reference.record import LogRecord
from app.simulator.resort.log import events_of, mixed, read_events
from app.simulator.resort.rows import read
from app.simulator.sample.build import BOOKINGS_FILE

SENT_AT = 1_790_000_000_000


def test_every_row_becomes_events() -> None:
    happenings = read_events(BOOKINGS_FILE)
    assert Counter(each.topic for each in happenings) == {
        "booking-events": 67_733,
        "payment-events": 73_114,
        "inventory-events": 2_377,
    }
    assert len({each.number for each in happenings}) == 40_061
    assert [each.at for each in happenings] == sorted(each.at for each in happenings)


def test_dirty_rows_are_poison_and_the_others_are_applied() -> None:
    stays = [stay for stay in read(BOOKINGS_FILE) if stay.nights == 0 or stay.amount < 0 or stay.number % 20 == 0]
    model = Reference()
    first_bytes: Counter[bytes] = Counter()
    for offset, record in enumerate(mixed(events_of(stays))):
        assert record.key is not None
        assert record.value is not None
        first_bytes[record.value[:1] if record.value[:1] == b"{" else record.value[:5]] += 1
        partition = partition_of(record.key, PARTITIONS[record.topic])
        model.feed(LogRecord(record.topic, partition, offset, SENT_AT, record.key, record.value))
    assert set(first_bytes) == {b"{", *(b"\0\0\0\0" + bytes([schema_id]) for schema_id in (1, 2, 3, 4))}
    dead = Counter((letter.record.topic, letter.reason) for letter in model.dead_letters)
    assert dead == {("booking-events", "invalid-value"): 449, ("payment-events", "invalid-value"): 2}
    assert {status for _topic, status in model.applied} >= {"PENDING", "CONFIRMED", "CANCELLED", "REFUNDED", "FAILED"}
    assert not model.duplicates
