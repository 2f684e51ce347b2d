from itertools import islice
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.poison import Poison
from app.engine.breaker import Breaker
from app.engine.decode import Decoder
from app.engine.decode.registry import BundledRegistry, RegistryUnavailable
from app.engine.group import GROUP_OF_SOURCE
from app.engine.intake import RECORDS_MAX, ROWS_MAX, Intake, decoders
from schemas.inventory import InventoryEvent
from schemas.reservations import ReservationEvent, encode
from tests.app.engine.decode.records import INVENTORY, Schemas, in_avro


class Record(NamedTuple):
    offset: int
    event: Any = None
    value: bytes | None = None
    key: bytes | None = None
    timestamp: int = 0


class AsGiven:
    def decode(self, records: Any) -> list[Any]:
        return [record.event for record in records]


def allotment(nights: int) -> InventoryEvent:
    return InventoryEvent("e", "HOTEL", "H", "R", "ALLOTMENT", 1, 0, 100, 100 + nights, None, None)


SALE = InventoryEvent("e", "STORE", "S", "I", "SALE", 1, 0, None, None, None, None)
EVENTS = (
    st.builds(allotment, st.integers(1, 731))
    | st.just(SALE)
    | st.just(Poison("invalid-value", "quantity"))
    | st.builds(lambda nights: ReservationEvent("H", "R", 0, nights, 1, 0, 0, 0), st.integers(1, 365))
)


def rows_of(event: Any) -> int:
    if isinstance(event, ReservationEvent):
        return event.last_night - event.first_night
    return event.stay_to - event.stay_from if isinstance(event, InventoryEvent) and event.stay_from else 1


@settings(max_examples=40)
@given(events=st.lists(EVENTS, max_size=60), gaps=st.lists(st.integers(0, 3)), behind=st.integers(1, 5))
def test_reads_cover_everything_once_and_in_order(events: list[Any], gaps: list[int], behind: int) -> None:
    at, records = 40, []
    for n, event in enumerate(events):
        at += gaps[n % len(gaps)] if gaps else 0
        records.append(Record(at, event))
        at += 1
    reads = list(Intake({"t": AsGiven()}, Breaker()).read("t", 40, at + behind, records, partition=7))
    assert [record for read in reads for record in read.records] == records
    assert [event for read in reads for event in read.decoded] == events
    assert [read.start for read in reads] == [40, *(read.stop for read in reads[:-1])]
    assert reads[-1].stop == at + behind
    for read in reads:
        assert all(read.start <= record.offset < read.stop for record in read.records)
        assert len(read.records) <= 1 or sum(map(rows_of, read.decoded)) <= ROWS_MAX


@pytest.mark.parametrize("count", [RECORDS_MAX - 1, RECORDS_MAX, RECORDS_MAX + 1, 3 * RECORDS_MAX])
def test_no_unit_has_too_many_records(count: int) -> None:
    records = [Record(n, SALE) for n in range(count)]
    reads = list(Intake({"t": AsGiven()}, Breaker()).read("t", 0, count, records, partition=7))
    assert max(len(read.records) for read in reads) <= RECORDS_MAX
    assert sum(len(read.records) for read in reads) == count


@pytest.mark.parametrize("topic", ["booking-events", "payment-events"])
def test_no_unit_has_too_many_bytes(topic: str) -> None:
    records = [Record(n, SALE, b"x" * 30_000, b"k" * 30_000) for n in range(1_000)]
    records[500] = Record(500, SALE, b"x" * 9_000_000)
    reads = list(Intake({topic: AsGiven()}, Breaker()).read(topic, 0, 1_000, records, partition=7))
    assert [record for read in reads for record in read.records] == records
    sizes = [sum(len(record.value or b"") + len(record.key or b"") for record in read.records) for read in reads]
    assert [size for size in sizes if size > 3 << 20] == [9_000_000]


def test_offsets_without_records_are_a_read_too() -> None:
    (read,) = Intake({"t": AsGiven()}, Breaker()).read("t", 5, 9, [], partition=7)
    assert (read.start, read.stop, list(read.records)) == (5, 9, [])


class Needy:
    """Decodes what needs no schema, or one that is known; others are asked for in the order of their ids."""

    def __init__(self, *known: int) -> None:
        self._known = known

    def decode(self, records: Any) -> list[Any]:
        missing = sorted((record.event, at) for at, record in enumerate(records) if record.event not in self._known)
        if missing:
            raise RegistryUnavailable(missing[0][0], missing[0][1])
        return [record.event for record in records]


@pytest.mark.parametrize(
    ("schemas", "expected"),
    [
        ([1, 1, 9, 1, 8], [(40, 42, [1, 1])]),
        ([9, 1, 1], []),
        ([1, 9, 8, 1], [(40, 41, [1])]),
        ([1] * (ROWS_MAX + 1) + [9], [(40, 40 + ROWS_MAX, [1] * ROWS_MAX), (1_040, 1_041, [1])]),
        ([1] * RECORDS_MAX + [9], [(40, 1_040, [1] * ROWS_MAX), (1_040, 2_040, [1] * ROWS_MAX)]),
    ],
)
def test_what_comes_before_a_missing_schema_is_read(
    schemas: list[int], expected: list[tuple[int, int, list[int]]]
) -> None:
    records = [Record(40 + n, schema) for n, schema in enumerate(schemas)]
    reads = Intake({"t": Needy(1)}, Breaker()).read("t", 40, 40 + len(records) + 5, records, partition=7)
    assert [(read.start, read.stop, list(read.decoded)) for read in islice(reads, len(expected))] == expected
    with pytest.raises(RegistryUnavailable):
        next(reads)


def test_store_events_in_front_of_a_missing_schema_are_read_and_nothing_behind_it() -> None:
    good = [in_avro(INVENTORY, eventId=f"e{n}") for n in range(41)]
    records = [Record(n, value=each.value, key=each.key, timestamp=each.timestamp) for n, each in enumerate(good)]
    later = b"\0" + (99).to_bytes(4, "big") + b"later"
    records[40] = records[40]._replace(value=later)
    schemas = Schemas(down={99})
    reads = Intake({INVENTORY: Decoder(INVENTORY, schemas)}, Breaker()).read(INVENTORY, 0, 44, records, partition=7)
    first = next(reads)
    assert (first.start, first.stop, len(first.records), len(first.decoded)) == (0, 40, 40, 40)
    with pytest.raises(RegistryUnavailable):
        next(reads)


def test_nothing_is_read_where_nothing_is_covered() -> None:
    assert list(Intake({"t": AsGiven()}, Breaker()).read("t", 5, 5, [], partition=7)) == []


def test_every_source_has_a_decoder() -> None:
    assert decoders(BundledRegistry()).keys() == GROUP_OF_SOURCE.keys()


def test_reservations_are_the_program_s_own() -> None:
    event = ReservationEvent("H", "R", 1, 3, -2, 4, 77, 1)
    assert decoders(BundledRegistry())["stayshelf-reservations"].decode([Record(0, value=encode(event))]) == [event]
