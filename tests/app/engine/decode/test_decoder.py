import gc
import time
import tracemalloc
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.delivery.dead_letters import VALUE_BYTES_MAX, Cut
from app.domain.poison import Poison
from app.engine.breaker import Breaker
from app.engine.decode import BundledRegistry, Decoder, RegistryUnavailable
from app.engine.decode.decoder import MIN_BATCH
from app.engine.decode.registry import SlowRecord
from app.engine.intake import Intake
from schemas.bundled import BUNDLED
from tests.app.engine.decode.records import (
    BOOKINGS,
    DAY,
    DAY_MS,
    DOCUMENTS,
    EVENTS,
    HOTEL,
    HOTEL_DATES,
    INVENTORY,
    KEYS,
    NOW,
    PAYMENTS,
    TOPICS,
    Record,
    Schemas,
    evolved,
    in_avro,
    in_json,
    wire,
)

V1 = {"event_id": "", "room_type": None, "rooms": None, "occurred_at": NOW}


def only(topic: str, record: Record, schemas: Schemas | None = None) -> Any:
    """What a record is decoded to, which must be the same alone and in a batch."""
    schemas = schemas or Schemas()
    (alone,) = Decoder(topic, schemas).decode([record])
    (batch,) = Decoder(topic, schemas, min_batch=1).decode([record])
    assert batch == alone
    assert type(batch) is type(alone)
    return alone


@pytest.mark.parametrize("topic", TOPICS)
def test_avro_and_json_are_read_alike(topic: str) -> None:
    assert only(topic, in_avro(topic)) == EVENTS[topic]
    assert only(topic, in_json(topic)) == EVENTS[topic]


@pytest.mark.parametrize(
    ("record", "changes"),
    [
        (in_avro(BOOKINGS, 1), V1),
        (in_json(BOOKINGS, "eventId", "roomType", "rooms", "occurredAt"), V1),
        (in_json(BOOKINGS, "roomType"), {"room_type": "STANDARD"}),
        (in_json(BOOKINGS, "rooms"), {"rooms": 1}),
        (in_json(BOOKINGS, "metadata"), {"metadata": None}),
        (in_json(BOOKINGS, totalAmount=7), {"total_amount": 7.0}),
        (in_json(BOOKINGS, somethingNew=[{"a": 1}]), {}),
        (in_avro(BOOKINGS, occurredAt=0), {"occurred_at": NOW}),
        (in_avro(BOOKINGS, eventId=""), {"event_id": ""}),
        (in_avro(BOOKINGS, metadata="ห้อง"), {"metadata": "ห้อง"}),
        (in_avro(BOOKINGS, metadata=None), {"metadata": None}),
    ],
)
def test_bookings(record: Record, changes: dict[str, Any]) -> None:
    assert only(BOOKINGS, record) == EVENTS[BOOKINGS]._replace(**changes)


@pytest.mark.parametrize("check_in", [0, 1, DAY_MS - 1, DAY_MS])
def test_dates_of_bookings_are_those_of_utc(check_in: int) -> None:
    event = only(BOOKINGS, in_avro(BOOKINGS, checkIn=check_in, checkOut=3 * DAY_MS + 5))
    assert (event.check_in, event.check_out) == (check_in // DAY_MS, 3)


@pytest.mark.parametrize("record", [in_avro(INVENTORY, **HOTEL), in_json(INVENTORY, **HOTEL_DATES)])
def test_dates_of_hotels_are_days(record: Record) -> None:
    hotel = {"location_type": "HOTEL", "event_type": "ALLOTMENT", "stay_from": 100, "stay_to": 103}
    assert only(INVENTORY, record) == EVENTS[INVENTORY]._replace(**hotel)


def test_ids_are_measured_in_code_points() -> None:
    assert only(INVENTORY, in_avro(INVENTORY, itemId="ก" * 128)) == EVENTS[INVENTORY]._replace(item_id="ก" * 128)
    assert only(INVENTORY, in_avro(INVENTORY, itemId="ก" * 129)).reason == "invalid-value"


def test_a_key_may_hold_more_than_letters() -> None:
    record = Record("c:1:เหนือ".encode(), in_avro(BOOKINGS, customerId="c:1").value)
    assert only(BOOKINGS, record) == EVENTS[BOOKINGS]._replace(customer_id="c:1", region="เหนือ")


def body(record: Record, *, schema_id: int | None = None, cut: int = 0, more: bytes = b"") -> bytes:
    assert record.value is not None
    value = record.value[: len(record.value) - cut] + more
    return value if schema_id is None else b"\0" + schema_id.to_bytes(4, "big") + value[5:]


NOT_AVRO_OR_JSON = [
    None,
    b"",
    b"\0",
    b"\0\0\0\0",
    b"\1\0\0\0\3",
    b"[]",
    b"null",
    b' {"eventId": "e"}',
    b"{",
    body(in_json(INVENTORY), cut=1),
    body(in_json(INVENTORY), more=b"{}"),
    body(in_json(INVENTORY), cut=1, more=b', "x": NaN}'),
    body(in_json(INVENTORY), cut=1, more=b', "x": "\\ud800"}'),
    body(in_json(INVENTORY), cut=1, more=b', "x": "\xff"}'),
    body(in_json(INVENTORY), cut=1, more=b', "x": 01}'),
    body(in_json(INVENTORY), cut=1, more=b', "x": ' + b"[" * 1000 + b"]" * 1000 + b"}"),
]
UNKNOWN_SCHEMA = [b"\0" + schema_id.to_bytes(4, "big") for schema_id in (0, 6, 2**31 - 1, 2**31, 2**32 - 1)]
DOES_NOT_FIT_SCHEMA: list[bytes | None] = [
    b"\0\0\0\0\3",
    body(in_avro(INVENTORY), cut=1),
    body(in_avro(INVENTORY), more=b"\0"),
    body(in_avro(INVENTORY), schema_id=2),
    in_avro(PAYMENTS).value,
    b"\0\0\0\0\5\2p\2b\2\6THB\2c\0",
    b"\0\0\0\0\3\2\xff\0\2s\2i\0\2\0\0\0\0\0",  # eventId is no UTF-8
    b"\0\0\0\0\3\1\0\2s\2i\0\2\0\0\0\0\0",  # eventId is -1 long
    b"\0\0\0\0\3\2e\4\2s\2i\0\2\0\0\0\0\0",  # there is no third locationType
    b"\0\0\0\0\3\2e\1\2s\2i\0\2\0\0\0\0\0",  # nor one before the first
    b"\0\0\0\0\3\2e\0\2s\2i\0\x80\x80\x80\x80\x10\0\0\0\0\0",  # quantity is 2^31
    b"\0\0\0\0\3\2e\0\2s\2i\0\2" + b"\xff" * 10 + b"\1\0\0\0\0",  # occurredAt has more than 64 bits
    b"\0\0\0\0\3\2e\0\2s\2i\0\2\0\4\0\0\0",  # stayFrom has no third type
    b"\0\0\0\0\3\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1e",  # eventId is 2^63 - 1 long
    b"{}",
    in_json(INVENTORY, "quantity").value,
    in_json(INVENTORY, eventId=None).value,
    in_json(INVENTORY, eventId=5).value,
    in_json(INVENTORY, quantity=5.0).value,
    in_json(INVENTORY, quantity=True).value,
    in_json(INVENTORY, quantity="5").value,
    in_json(INVENTORY, quantity=2**31).value,
    in_json(INVENTORY, quantity=-(2**31) - 1).value,
    in_json(INVENTORY, occurredAt=2**63).value,
    in_json(INVENTORY, occurredAt=10**30).value,
    in_json(INVENTORY, eventType="THEFT").value,
    in_json(INVENTORY, eventType=["SALE"]).value,
    in_json(INVENTORY, metadata={"string": "x"}).value,
    in_json(INVENTORY, stayFrom=100).value,
    in_json(INVENTORY, stayFrom="1970-4-11").value,
    in_json(INVENTORY, stayFrom="1970-02-30").value,
    in_json(INVENTORY, stayFrom="1970-04-11T00:00:00").value,
    in_json(INVENTORY, stayFrom="١٩٧٠-04-11").value,
]
REASONS = [
    *(("not-avro-or-json", value) for value in NOT_AVRO_OR_JSON),
    *(("unknown-schema", value) for value in UNKNOWN_SCHEMA),
    *(("does-not-fit-schema", value) for value in DOES_NOT_FIT_SCHEMA),
    ("invalid-value", in_avro(INVENTORY, quantity=-1).value),
    ("invalid-value", in_json(INVENTORY, eventType="ALLOTMENT").value),
]


@pytest.mark.parametrize(("reason", "value"), REASONS)
def test_poison_has_its_reason_and_harms_no_neighbour(reason: str, value: bytes | None) -> None:
    decoder = Decoder(INVENTORY, BundledRegistry())
    good = [in_avro(INVENTORY)] * MIN_BATCH
    before, bad, after = good[:20], Record(KEYS[INVENTORY], value), good[20:]
    decoded = decoder.decode([*before, bad, *after])
    assert decoded[:20] + decoded[21:] == [EVENTS[INVENTORY]] * MIN_BATCH
    poison = only(INVENTORY, bad)
    assert decoded[20] == poison
    assert isinstance(poison, Poison)
    assert poison.reason == reason


@pytest.mark.parametrize("amount", [b"1e400", b"-1e400", b"-1", b"1" * 400, b"1" + b"0" * 310 + b".5"])
def test_amounts_beyond_a_double_are_json_but_invalid(amount: bytes) -> None:
    value = body(in_json(BOOKINGS, "totalAmount"), cut=1, more=b', "totalAmount": ' + amount + b"}")
    assert only(BOOKINGS, Record(KEYS[BOOKINGS], value)).reason == "invalid-value"


def test_the_first_reason_counts() -> None:
    wrong_key = b"\xff"
    assert only(INVENTORY, Record(wrong_key, b"\0\0\0\0\3")).reason == "does-not-fit-schema"
    assert only(INVENTORY, Record(wrong_key, in_avro(INVENTORY, quantity=-1).value)).reason == "key-mismatch"
    assert only(BOOKINGS, Record(None, in_avro(BOOKINGS, rooms=0).value)).reason == "key-mismatch"
    assert only(PAYMENTS, Record(b"p2", in_avro(PAYMENTS, amountMinor=-1).value)).reason == "key-mismatch"
    assert only(PAYMENTS, Record(b"", in_avro(PAYMENTS, paymentId="").value)).reason == "invalid-value"


def test_ahead_of_its_record_is_invalid() -> None:
    value = in_avro(PAYMENTS).value
    assert only(PAYMENTS, Record(KEYS[PAYMENTS], value, NOW - 600_000)) == EVENTS[PAYMENTS]
    assert only(PAYMENTS, Record(KEYS[PAYMENTS], value, NOW - 600_001)).reason == "invalid-value"


def test_an_unreachable_registry_is_no_poison() -> None:
    schemas = Schemas(down={3})
    for min_batch in (1, MIN_BATCH):
        decoder = Decoder(INVENTORY, schemas, min_batch=min_batch)
        with pytest.raises(RegistryUnavailable) as raised:
            decoder.decode([in_json(INVENTORY), in_json(INVENTORY), in_avro(INVENTORY), in_avro(INVENTORY)])
        assert (raised.value.schema_id, raised.value.record) == (3, 2)
    schemas.down.clear()
    assert decoder.decode([in_avro(INVENTORY)]) == [EVENTS[INVENTORY]]


def test_a_known_schema_is_asked_for_once() -> None:
    schemas = Schemas()
    decoder = Decoder(INVENTORY, schemas, min_batch=1)
    for _ in range(3):
        decoder.decode([in_avro(INVENTORY)] * 3)
    assert schemas.asked == [3]


def test_an_empty_list() -> None:
    assert Decoder(INVENTORY, BundledRegistry(), min_batch=0).decode([]) == []


NULLABLE_DATE = ["null", {"type": "int", "logicalType": "date"}]
NODE = {
    "type": "record",
    "name": "Node",
    "fields": [{"name": "below", "type": ["null", "Node"]}, {"name": "on", "type": "boolean"}],
}
NESTED = {"below": {"below": None, "on": True}, "on": False}
LATER: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"isGift": "boolean", "weight": "double", "share": "float"}, {"isGift": True, "weight": 1.5, "share": 0.5}),
    ({"note": ["null", "string"], "blob": "bytes"}, {"note": "ก", "blob": b"\xff"}),
    ({"note": ["string", "null"], "nothing": "null"}, {"note": None, "nothing": None}),
    ({"kind": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}}, {"kind": "B"}),
    ({"tags": {"type": "array", "items": "string"}}, {"tags": ["a", "b"]}),
    ({"more": {"type": "map", "values": ["null", "long"]}}, {"more": {"a": None, "b": 2**62}}),
    ({"tree": NODE}, {"tree": NESTED}),
    ({"hash": {"type": "fixed", "name": "Hash", "size": 3}}, {"hash": b"abc"}),
    ({"either": ["null", "int", "string"]}, {"either": "x"}),
    ({"quantity": ["int", "null"], "occurredAt": "long"}, {}),
    ({"eventId": "bytes", "metadata": ["string", "null"]}, {"eventId": b"e1"}),
    ({"source": "string", "stayFrom": ["null", "int"]}, {}),
    ({"metadata": None, "stayTo": "null"}, {}),
    (
        {"locationType": {"type": "enum", "name": "LocationType", "symbols": ["SHIP", "HOTEL", "STORE"]}},
        {"locationType": "STORE"},
    ),
]


@pytest.mark.parametrize(("fields", "changes"), LATER)
def test_newer_writers_are_understood(fields: dict[str, Any], changes: dict[str, Any]) -> None:
    schemas = Schemas()
    schemas.schemas[9] = evolved(3, **fields)
    record = Record(KEYS[INVENTORY], wire(schemas.schemas[9], DOCUMENTS[INVENTORY] | changes, 9))
    assert only(INVENTORY, record, schemas) == EVENTS[INVENTORY]
    cut = Record(KEYS[INVENTORY], body(record, cut=1))
    assert only(INVENTORY, cut, schemas).reason == "does-not-fit-schema"


@pytest.mark.parametrize(
    ("fields", "changes", "expected"),
    [
        ({"roomType": None}, {}, {"room_type": "STANDARD"}),
        ({"rooms": None}, {}, {"rooms": 1}),
        ({"roomType": None, "rooms": None}, {}, {"room_type": None, "rooms": None}),
        ({"totalAmount": "int"}, {"totalAmount": 3}, {"total_amount": 3.0}),
        ({"totalAmount": "float"}, {"totalAmount": 0.5}, {"total_amount": 0.5}),
        ({"checkIn": "int"}, {"checkIn": 5, "checkOut": DAY_MS}, {"check_in": 0, "check_out": 1}),
    ],
)
def test_newer_writers_of_bookings(fields: dict[str, Any], changes: dict[str, Any], expected: dict[str, Any]) -> None:
    schemas = Schemas()
    schemas.schemas[9] = evolved(2, **fields)
    record = Record(KEYS[BOOKINGS], wire(schemas.schemas[9], DOCUMENTS[BOOKINGS] | changes, 9))
    assert only(BOOKINGS, record, schemas) == EVENTS[BOOKINGS]._replace(**expected)


@pytest.mark.parametrize(
    "schema",
    [
        evolved(3, eventId=None),
        evolved(3, quantity="string"),
        evolved(3, quantity="long"),
        evolved(3) | {"name": "OtherEvent"},
        evolved(3) | {"namespace": "com.other"},
        {"type": "enum", "name": "InventoryEvent", "namespace": "com.cpaxtra.events", "symbols": ["A"]},
        evolved(3, x="Unheard"),
        {},
        "long",
        [],
        7,
        {"type": "record", "name": "InventoryEvent", "fields": 5},
    ],
)
def test_schemas_that_are_not_ours_fit_nothing(schema: Any) -> None:
    schemas = Schemas()
    schemas.schemas[9] = schema
    record = Record(KEYS[INVENTORY], b"\0\0\0\0\x09" + (in_avro(INVENTORY).value or b"")[5:])
    assert only(INVENTORY, record, schemas).reason == "does-not-fit-schema"


def test_symbols_we_do_not_know_do_not_fit() -> None:
    schemas = Schemas()
    symbols = ["AUTHORIZED", "CHARGEBACK", "COMPLETED"]
    schemas.schemas[9] = evolved(4, status={"type": "enum", "name": "PaymentStatus", "symbols": symbols})
    records = [
        Record(KEYS[PAYMENTS], wire(schemas.schemas[9], DOCUMENTS[PAYMENTS] | {"status": status}, 9))
        for status in symbols
    ]
    statuses = [getattr(only(PAYMENTS, record, schemas), "status", None) for record in records]
    assert statuses == ["AUTHORIZED", None, "COMPLETED"]


CHAIN = [
    {"name": f"f{at}", "type": {"type": "record", "name": f"C{at}", "fields": [{"name": "g", "type": inner}]}}
    for at, inner in enumerate(["int", *(f"C{at}" for at in range(1999))])
]
HOSTILE = [
    ({"x": {"type": "array", "items": "null"}}, b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1" * 50 + b"\0"),
    ({"x": {"type": "array", "items": "int"}}, b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1"),
    ({"x": {"type": "array", "items": "int"}}, b"\x80\x92\xf4\1" + bytes(3_000_000)),
    ({"x": NODE}, b"\2" * 100_000),
    ({"x": {"type": "array", "items": {"type": "array", "items": "null"}}}, b"\xc0\x9a\x0c" + bytes(100_000) + b"\0"),
    ({"x": {"type": "fixed", "name": "Huge", "size": 2**60}}, b""),
    ({"x": {"type": "record", "name": "Chain", "fields": CHAIN}}, b"\2" * 3000),
]


@pytest.mark.parametrize(("fields", "content"), HOSTILE)
def test_hostile_bodies_take_little_time_and_memory(fields: dict[str, Any], content: bytes) -> None:
    schemas = Schemas()
    schemas.schemas[9] = evolved(3, **fields)
    record = Record(KEYS[INVENTORY], b"\0\0\0\0\x09" + content)
    gc.collect()
    tracemalloc.start()
    start = time.monotonic()
    try:
        only(INVENTORY, record, schemas)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert time.monotonic() - start < 20


def test_long_values_are_read_like_short_ones() -> None:
    long = "ก" * 1_000_000
    for record in (in_avro(INVENTORY, metadata=long), in_json(INVENTORY, metadata=long)):
        assert only(INVENTORY, record) == EVENTS[INVENTORY]._replace(metadata=long)


SECRET = "zebra"
SECRETS = {
    INVENTORY: {"eventId": SECRET, "itemId": SECRET, "source": SECRET, "metadata": SECRET},
    BOOKINGS: {"bookingId": SECRET, "hotelId": SECRET, "metadata": SECRET, "eventId": SECRET},
    PAYMENTS: {"eventId": SECRET, "bookingId": SECRET, "method": SECRET, "metadata": SECRET},
}
LATER_IDS = dict(enumerate(LATER, start=10))
REGISTRY = Schemas()
REGISTRY.schemas |= {schema_id: evolved(3, **fields) for schema_id, (fields, _) in LATER_IDS.items()}
POOL = {
    topic: [
        in_avro(topic, **SECRETS[topic]),
        in_json(topic, **SECRETS[topic]),
        in_avro(topic, metadata="ห้อง" + SECRET),
    ]
    for topic in TOPICS
}
POOL[BOOKINGS].append(in_avro(BOOKINGS, 1, **SECRETS[BOOKINGS]))
POOL[INVENTORY].append(in_avro(INVENTORY, **HOTEL, metadata=SECRET * 30))
POOL[INVENTORY] += [
    Record(KEYS[INVENTORY], wire(REGISTRY.schemas[schema_id], DOCUMENTS[INVENTORY] | changes, schema_id))
    for schema_id, (_, changes) in LATER_IDS.items()
]


@st.composite
def batches(draw: st.DrawFn) -> tuple[str, list[Record]]:
    """A topic, and records of it that are good, cut, spliced, or written over here and there."""
    topic = draw(st.sampled_from(TOPICS))
    records = []
    for record in draw(st.lists(st.sampled_from(POOL[topic]), max_size=12)):
        value = bytearray(record.value or b"")
        for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
            at = draw(st.integers(0, len(value)))
            end = draw(st.sampled_from([at, at + 1, at + 3, len(value)]))
            value[at:end] = draw(
                st.one_of(st.binary(max_size=11), st.sampled_from([b"\xff" * 10, b"\x80" * 9 + b"\0"]))
            )
        key = draw(st.sampled_from([KEYS[topic]] * 8 + [None, b"", b"\xff", KEYS[topic] + b"x"]))
        timestamp = draw(st.sampled_from([NOW] * 8 + [-1, 0, NOW - 10**7, 2**63 - 10**6]))
        records.append(Record(key, bytes(value), timestamp))
    return topic, records


@settings(max_examples=300)
@given(batches())
def test_columns_read_what_single_records_read(case: tuple[str, list[Record]]) -> None:
    topic, records = case
    batch = Decoder(topic, REGISTRY, min_batch=1).decode(records)
    single = Decoder(topic, REGISTRY, min_batch=10**9)
    alone = [single.decode([record])[0] for record in records]
    assert list(batch) == alone
    assert [type(each) for each in batch] == [type(each) for each in alone]
    assert not any(SECRET in each.error for each in batch if isinstance(each, Poison))


@settings(max_examples=200)
@given(
    st.sampled_from(TOPICS),
    st.lists(
        st.builds(
            Record,
            key=st.none() | st.binary(max_size=6),
            value=st.one_of(
                st.none(),
                st.binary(max_size=80),
                st.builds(lambda schema, content: b"\0\0\0\0" + schema + content, st.binary(max_size=1), st.binary()),
                st.text(max_size=40).map(lambda text: b"{" + text.encode()),
            ),
            timestamp=st.integers(-(2**63), 2**63 - 1),
        ),
        max_size=20,
    ),
)
def test_any_bytes_end_as_an_event_or_poison(topic: str, records: list[Record]) -> None:
    decoded = Decoder(topic, BundledRegistry(), min_batch=2).decode(records)
    assert len(decoded) == len(records)
    assert {type(each) for each in decoded} <= {Poison, type(EVENTS[topic])}


def test_the_pool_is_good() -> None:
    for topic, records in POOL.items():
        assert not any(isinstance(each, Poison) for each in Decoder(topic, REGISTRY).decode(records))
    assert len(BUNDLED) == 5
    assert EVENTS[BOOKINGS].check_in == DAY


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (b"x", "not-avro-or-json"),
        (b"\0\0\0\0\x63", "unknown-schema"),
        (b"\0\0\0\0\4", "does-not-fit-schema"),
        (b'{"eventId": "', "does-not-fit-schema"),
    ],
)
def test_what_is_too_large_to_be_kept_is_judged_by_its_beginning(first: bytes, reason: str) -> None:
    cut = Cut.of(first.ljust(1_024, b"x"), VALUE_BYTES_MAX + 1, "digest")
    for value in (cut, first.ljust(VALUE_BYTES_MAX + 1, b"x")):
        assert only(PAYMENTS, Record(KEYS[PAYMENTS], value)).reason == reason


def test_the_beginning_of_a_good_record_is_none() -> None:
    record = in_avro(PAYMENTS)
    assert record.value is not None
    cut = Record(record.key, Cut.of(record.value, VALUE_BYTES_MAX + 1, "digest"))
    assert only(PAYMENTS, cut).reason == "does-not-fit-schema"
    record.key = Cut.of(b"p1", VALUE_BYTES_MAX + 1, "digest")
    assert only(PAYMENTS, record).reason == "key-mismatch"


def test_large_documents_are_read_beside_where_patience_ends() -> None:
    decoder = Decoder(PAYMENTS, BundledRegistry(), patience_bytes=1_000)
    short, long = in_json(PAYMENTS), in_json(PAYMENTS, metadata="x" * 1_000)
    with pytest.raises(SlowRecord) as raised:
        decoder.decode([short, long])
    assert raised.value.record == 1
    raised.value.read()
    found = decoder.decode([short, long])
    assert found == [EVENTS[PAYMENTS], EVENTS[PAYMENTS]._replace(metadata="x" * 1_000)]
    with pytest.raises(SlowRecord):
        decoder.decode([long])


def test_of_many_large_documents_each_is_read_beside_once() -> None:
    decoders = {PAYMENTS: Decoder(PAYMENTS, BundledRegistry(), patience_bytes=1_000)}
    made = [in_json(PAYMENTS, metadata=f"{n}" * 1_000) for n in range(3)]
    left = [SimpleNamespace(offset=n, **vars(record)) for n, record in enumerate(made)]
    seen: list[int] = []
    for _ in range(2 * len(left)):
        reads = Intake(decoders, Breaker()).read(PAYMENTS, 0, 3, left, partition=0)
        try:
            for each in reads:
                left = left[len(each.records) :]
        except SlowRecord as slow:
            seen.append(left[0].offset)
            slow.read()
    assert (seen, left) == ([0, 1, 2], [])
