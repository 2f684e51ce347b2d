import numpy as np
import pytest

from app.engine.decode.decoder import Decoder
from app.engine.decode.movements import KINDS, Columns, Movements
from tests.app.engine.decode.records import EVENTS, HOTEL, INVENTORY, NOW, Record, Schemas, in_avro

EVENT = EVENTS[INVENTORY]


def movements(*kinds: str) -> Movements:
    count = len(kinds)
    numbers = np.arange(count, dtype=np.int64)
    ids = [b"e%d" % n for n in range(count)]
    codes = np.array([KINDS.index(kind) for kind in kinds])
    columns = Columns(ids, [b"S"] * count, [b"I"] * count, codes, numbers, numbers + NOW, numbers)
    return Movements(columns, lambda: [EVENT._replace(event_type=kind) for kind in kinds])


def test_events_are_made_once_and_only_when_asked_for() -> None:
    made: list[int] = []
    lazy = Movements(movements("SALE").columns, lambda: (made.append(1), [EVENT])[1])
    assert (len(lazy), made) == (1, [])
    assert (lazy[0], lazy[:1], list(lazy), made) == (EVENT, [EVENT], [EVENT], [1])


def test_what_decides_and_what_windows_take() -> None:
    drawn = movements("SALE", "COUNT", "RETURN")
    assert list(drawn.arguments(np.array([0, 2]))) == [(0, "SALE", 0, NOW), (2, "RETURN", 2, NOW + 2)]
    assert list(drawn.arguments(np.array([], np.int64))) == []
    assert list(drawn.sales([]).one_by_one()) == [("S", 0, 0, 1, NOW), ("S", 0, 0, 0, NOW + 1), ("S", 0, 2, 1, NOW + 2)]
    assert drawn.sales([1]).times.tolist() == [NOW, NOW + 2]


def test_events_of_each_type() -> None:
    drawn = movements("SALE", "COUNT", "SALE", "SALE", "COUNT")
    assert drawn.counts([]) == {"SALE": 3, "COUNT": 2}
    assert drawn.counts([1, 2, 4]) == {"SALE": 2}
    found = {kind: indexes.tolist() for kind, indexes in drawn.by_kind(np.array([3, 4, 0]))}
    assert found == {"SALE": [3, 0], "COUNT": [4]}
    assert list(drawn.by_kind(np.array([], np.int64))) == []


def decoded(*records: Record) -> object:
    return Decoder(INVENTORY, Schemas(), min_batch=1).decode(records)


def test_good_events_of_stores_stay_in_columns() -> None:
    found = decoded(in_avro(INVENTORY), in_avro(INVENTORY, eventId="e2", eventType="COUNT"))
    assert isinstance(found, Movements)
    assert found.columns.ids == [b"e1", b"e2"]
    assert (found.columns.stores, found.columns.items) == ([b"store-1"] * 2, [b"sku-1"] * 2)
    assert found.counts([]) == {"SALE": 1, "COUNT": 1}
    assert found.columns.timestamps.tolist() == [NOW, NOW]
    assert list(found) == [EVENT, EVENT._replace(event_id="e2", event_type="COUNT")]


@pytest.mark.parametrize(
    "other",
    [
        in_avro(INVENTORY, **HOTEL),
        in_avro(INVENTORY, itemId="caf\u00e9"),
        in_avro(INVENTORY, source="caf\u00e9"),
        in_avro(INVENTORY, quantity=-1),
        Record(b"store-2", in_avro(INVENTORY).value),
        Record(b"store-1", b"{}"),
    ],
)
def test_anything_else_among_them_is_read_one_by_one(other: Record) -> None:
    found = decoded(in_avro(INVENTORY), other, in_avro(INVENTORY))
    assert isinstance(found, list)
    assert (found[0], found[2]) == (EVENT, EVENT)
