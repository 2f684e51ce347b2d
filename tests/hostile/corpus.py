"""Hostile records for every source topic, each with the reason it must be dead for; made of bytes, by no codec.

A good record of each topic is kept as its parts; a hostile one is the good one with one thing wrong.
"""

import json
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

NOT_AVRO_OR_JSON, UNKNOWN_SCHEMA, DOES_NOT_FIT = "not-avro-or-json", "unknown-schema", "does-not-fit-schema"
KEY_MISMATCH, INVALID_VALUE = "key-mismatch", "invalid-value"

INVENTORY, BOOKINGS, PAYMENTS = TOPICS = ("inventory-events", "booking-events", "payment-events")
SCHEMA_IDS = {INVENTORY: 3, BOOKINGS: 2, PAYMENTS: 4}
ENUMS = {INVENTORY: {"locationType": 2, "eventType": 10}, BOOKINGS: {"status": 3}, PAYMENTS: {"status": 4}}
TEXTS = {
    INVENTORY: ("eventId", "locationId", "itemId"),
    BOOKINGS: ("bookingId", "customerId", "hotelId", "currency", "eventId", "roomType"),
    PAYMENTS: ("eventId", "paymentId", "bookingId", "currency", "method"),
}
INTS = {INVENTORY: ("quantity",), BOOKINGS: ("rooms",), PAYMENTS: ()}
LONGS = {
    INVENTORY: ("occurredAt",),
    BOOKINGS: ("checkIn", "checkOut", "occurredAt"),
    PAYMENTS: ("amountMinor", "occurredAt"),
}
DAY_MS = 86_400_000
YEAR_2101_MS = 47_847 * DAY_MS


class Case(NamedTuple):
    """A record that must be dead, and why."""

    name: str
    topic: str
    key: bytes | None
    value: bytes | None
    reason: str


class Good(NamedTuple):
    """A topic's good record: its key, its fields as JSON has them, and the same as Avro's parts by field."""

    key: bytes
    fields: dict[str, Any]
    parts: dict[str, bytes]


def varint(number: int) -> bytes:
    """Avro's zigzag varint, of any size."""
    raw, out = (number << 1) if number >= 0 else ((-number << 1) - 1), bytearray()
    while raw > 0x7F:
        out.append(raw & 0x7F | 0x80)
        raw >>= 7
    return bytes([*out, raw])


def text(content: str | bytes) -> bytes:
    """Avro's string."""
    encoded = content.encode() if isinstance(content, str) else content
    return varint(len(encoded)) + encoded


def good(topic: str, now: int, number: int = 0) -> Good:
    """A good record, told apart by its number; now is epoch ms."""
    own = f"h{number}"
    fields: dict[str, Any]
    if topic == INVENTORY:
        fields = {
            "eventId": own, "locationType": "STORE", "locationId": f"s{number % 7}", "itemId": own,
            "eventType": "RECEIPT", "quantity": 1, "occurredAt": now, "stayFrom": None, "stayTo": None,
            "source": None, "metadata": "m",
        }  # fmt: skip
        key, symbols = fields["locationId"], {"locationType": 0, "eventType": 2}
    elif topic == BOOKINGS:
        fields = {
            "bookingId": own, "customerId": f"c{number % 7}", "hotelId": "h", "checkIn": now,
            "checkOut": now + 2 * DAY_MS, "totalAmount": 12.5, "currency": "THB", "status": "PENDING", "metadata": "m",
            "eventId": own, "roomType": "SUITE", "rooms": 1, "occurredAt": now,
        }  # fmt: skip
        key, symbols = f"{fields['customerId']}:eu", {"status": 0}
    else:
        fields = {
            "eventId": own, "paymentId": own, "bookingId": own, "amountMinor": 5, "currency": "THB", "method": "card",
            "status": "AUTHORIZED", "occurredAt": now, "metadata": "m",
        }  # fmt: skip
        key, symbols = own, {"status": 0}
    return Good(key.encode(), fields, {name: _part(name, value, symbols) for name, value in fields.items()})


def _part(name: str, value: Any, symbols: dict[str, int]) -> bytes:
    if name in symbols:
        return varint(symbols[name])
    if name in ("source", "metadata", "stayFrom", "stayTo"):
        return varint(0) if value is None else varint(1) + text(value)
    if isinstance(value, float):
        return struct.pack("<d", value)
    return text(value) if isinstance(value, str) else varint(value)


def avro(topic: str, parts: dict[str, bytes], schema_id: int | None = None) -> bytes:
    """Confluent's wire format of the parts."""
    head = struct.pack(">BI", 0, SCHEMA_IDS[topic] if schema_id is None else schema_id)
    return head + b"".join(parts.values())


def document(fields: dict[str, Any]) -> bytes:
    """The fields as JSON."""
    return json.dumps(fields).encode()


def corpus(now: int) -> list[Case]:
    """All cases; now (epoch ms) is when they are sent."""
    cases: list[Case] = []
    for topic in TOPICS:
        for kind in (_wire, _truncated, _avro_fields, _json_text, _json_fields, _keys, _values):
            cases += [Case(f"{topic}: {case.name}", *case[1:]) for case in kind(topic, now)]
    return cases


def _wire(topic: str, now: int) -> Iterator[Case]:
    """The first five bytes, what follows the last field, and bodies of other records."""
    key, _, parts = good(topic, now)
    whole = avro(topic, parts)
    for name, value in {
        "null": None,
        "empty": b"",
        "zero": b"\0",
        "four bytes": whole[:4],
        "magic one": b"\x01" + whole[1:],
        "no head": whole[5:],
        "spaces": b"   ",
        "xml": b"<event/>",
        "a pickle": b"\x80\x04\x95\x0b\0\0\0\0\0\0\0\x8c\x02os\x94.",
        "random": bytes(range(255, 0, -1)),
        "an Avro file": b"Obj\x01\x04\x16avro.schema",
    }.items():
        yield Case(f"wire {name}", topic, key, value, NOT_AVRO_OR_JSON)
    for schema_id in (0, 6, 99_999, 2**31 - 1, 2**31, 2**32 - 1):
        yield Case(f"schema id {schema_id}", topic, key, avro(topic, parts, schema_id), UNKNOWN_SCHEMA)
    for other in {1, 2, 3, 4, 5} - {SCHEMA_IDS[topic]} - ({1} if topic == BOOKINGS else set()):
        yield Case(f"under schema {other}", topic, key, avro(topic, parts, other), DOES_NOT_FIT)
    yield Case("head alone", topic, key, whole[:5], DOES_NOT_FIT)
    for name, behind in {"a byte": b"\0", "itself": whole, "zeros": bytes(5_000), "a brace": b"}"}.items():
        yield Case(f"{name} left over", topic, key, whole + behind, DOES_NOT_FIT)


def _truncated(topic: str, now: int) -> Iterator[Case]:
    """Every field cut off, whole and halved."""
    key, _, parts = good(topic, now)
    at = 5
    for name, part in parts.items():
        for cut in {at, at + len(part) // 2}:
            yield Case(f"cut at byte {cut}, in {name}", topic, key, avro(topic, parts)[:cut], DOES_NOT_FIT)
        at += len(part)


def _avro_fields(topic: str, now: int) -> Iterator[Case]:
    """One field whose bytes are not of its type."""
    key, _, parts = good(topic, now)
    for field, kind in _kinds(topic):
        for name, part in kind.items():
            yield Case(f"{field} {name}", topic, key, avro(topic, parts | {field: part}), DOES_NOT_FIT)


def _kinds(topic: str) -> Iterator[tuple[str, dict[str, bytes]]]:
    lengths = {"length -1": -1, "length 2^31": 2**31, "length 2^62": 2**62, "length 2^14": 2**14}
    overlong = {"varint of 11 bytes": b"\x80" * 10 + b"\0", "varint beyond 64 bits": b"\xff" * 9 + b"\x7f"}
    for field in TEXTS[topic]:
        yield field, {name: varint(length) + b"x" for name, length in lengths.items()}
        yield field, {name: text(content) for name, content in BAD_UTF8.items()}
    for field, count in ENUMS[topic].items():
        yield field, {f"symbol {index}": varint(index) for index in (-1, count, 2**31, -(2**63))}
    for field in ("metadata", "source") if topic == INVENTORY else ("metadata",):
        yield field, {f"branch {index}": varint(index) for index in (-1, 2, 2**40)}
    for field in INTS[topic]:
        yield field, {f"int {number}": varint(number) for number in (2**31, -(2**31) - 1, 2**62)}
    for field in (*INTS[topic], *LONGS[topic]):
        yield field, overlong


BAD_UTF8 = {
    "overlong NUL": b"\xc0\x80",
    "surrogate": b"\xed\xa0\x80",
    "beyond Unicode": b"\xf5\x80\x80\x80",
    "lone continuation": b"\x80",
    "cut character": b"a\xe2\x82",
    "Latin-1": b"caf\xe9",
}


def _json_text(topic: str, now: int) -> Iterator[Case]:
    """Text a strict parser refuses."""
    key, fields, _ = good(topic, now)
    whole = document(fields).decode()
    for name, value in {
        "cut": whole[:-1],
        "cut in the midst": whole[: len(whole) // 2],
        "brace alone": "{",
        "two documents": whole + whole,
        "behind it text": whole + "x",
        "trailing comma": whole[:-1] + ",}",
        "comment": whole[:-1] + "/* */}",
        "single quotes": whole.replace('"', "'"),
        "name without quotes": "{eventId" + whole[10:],
        "NaN": whole[:-1] + ', "x": NaN}',
        "Infinity": whole[:-1] + ', "x": -Infinity}',
        "hexadecimal": whole[:-1] + ', "x": 0x10}',
        "leading zero": whole[:-1] + ', "x": 01}',
        "plus": whole[:-1] + ', "x": +1}',
        "bare point": whole[:-1] + ', "x": 1.}',
        "True": whole[:-1] + ', "x": True}',
        "unpaired surrogate": whole[:-1] + ', "x": "\\ud800"}',
        "surrogates in the wrong order": whole[:-1] + ', "x": "\\udc00\\ud800"}',
        "bad escape": whole[:-1] + ', "x": "\\x41"}',
        "control character": whole[:-1] + ', "x": "\x01"}',
        "line feed in a string": whole[:-1] + ', "x": "\n"}',
        "lists 1,001 deep": whole[:-1] + ', "x": ' + "[" * 1_000 + "]" * 1_000 + "}",
        "lists 100,000 deep": whole[:-1] + ', "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
        "lists that never end": whole[:-1] + ', "x": ' + "[" * 200_000,
        "objects 5,000 deep": whole[:-1] + ', "x": ' + '{"x":' * 5_000 + "1" + "}" * 5_001,
        "brackets that cross": whole[:-1] + ', "x": [{]}}',
    }.items():
        yield Case(f"JSON {name}", topic, key, value.encode(), NOT_AVRO_OR_JSON)
    for name, encoded in {
        "byte order mark": whole.encode("utf-8-sig"),
        "UTF-16": whole.encode("utf-16-le"),
        "space before it": b" " + whole.encode(),
        "a list": b"[" + whole.encode() + b"]",
        "bad UTF-8": whole[:-1].encode() + b', "x": "\xff"}',
    }.items():
        yield Case(f"JSON {name}", topic, key, encoded, NOT_AVRO_OR_JSON)


def _json_fields(topic: str, now: int) -> Iterator[Case]:
    """JSON of good form with one field of a wrong type."""
    key, fields, _ = good(topic, now)

    def case(field: str, name: str, value: str) -> Case:
        at, marked = "@here@", fields | {field: "@here@"}
        return Case(
            f"JSON {field} {name}",
            topic,
            key,
            document(marked).replace(f'"{at}"'.encode(), value.encode()),
            DOES_NOT_FIT,
        )

    yield Case("JSON no fields", topic, key, b"{}", DOES_NOT_FIT)
    required = set(fields) - {"metadata", "source", "stayFrom", "stayTo"}
    optional = {"eventId", "roomType", "rooms", "occurredAt"} if topic == BOOKINGS else set()
    for field in sorted(required - optional):
        left = {name: value for name, value in fields.items() if name != field}
        yield Case(f"JSON without {field}", topic, key, document(left), DOES_NOT_FIT)
    for field in sorted(required):
        yield case(field, "null", "null")
        yield case(field, "list", "[1]")
        yield case(field, "object", '{"string": "x"}')
    for field in (*INTS[topic], *LONGS[topic]):
        for value in ("1.0", "1e2", '"1"', "true", "1" + "0" * 30, "1e400"):
            yield case(field, value, value)
    for field in INTS[topic]:
        yield case(field, "2^31", str(2**31))
    for field in ENUMS[topic]:
        for value in ('"sale"', '""', "0"):
            yield case(field, value, value)
    yield case("metadata", "object", '{"string": "m"}')


def _keys(topic: str, now: int) -> Iterator[Case]:
    """Keys that are not the event's."""
    key, fields, parts = good(topic, now)
    for name, wrong in {
        "null": None,
        "empty": b"",
        "other": b"other",
        "longer": b"x" + key,
        "not UTF-8": key[:1] + b"\xff" + key[1:],
        "in UTF-16": key.decode().encode("utf-16"),
        "with NUL": b"\0" + key,
        "in other letters": key.upper(),
    }.items():
        yield Case(f"key {name}", topic, wrong, avro(topic, parts), KEY_MISMATCH)
        yield Case(f"key {name}, JSON", topic, wrong, document(fields), KEY_MISMATCH)


def _values(topic: str, now: int) -> Iterator[Case]:
    """Fields of the right type, out of range."""
    key, fields, parts = good(topic, now)

    def both(field: str, name: str, value: Any) -> Iterator[Case]:
        yield Case(f"{field} {name}", topic, key, avro(topic, parts | {field: _part(field, value, {})}), INVALID_VALUE)
        yield Case(f"{field} {name}, JSON", topic, key, document(fields | {field: value}), INVALID_VALUE)

    keyed = {INVENTORY: "locationId", BOOKINGS: "customerId", PAYMENTS: "paymentId"}[topic]
    for field in [name for name in TEXTS[topic] if name.endswith("Id") or name == "roomType"]:
        if field == keyed:
            continue
        if not (topic == BOOKINGS and field == "eventId"):
            yield from both(field, "empty", "")
        yield from both(field, "of 129 characters", "\U0001f600" * 129)
        yield from both(field, "of 100,000 characters", "x" * 100_000)
    for number in (-1, YEAR_2101_MS, 2**62, -(2**63), now + 3_600_000 * 24):
        yield from both("occurredAt", str(number), number)
    if topic != INVENTORY:
        for currency in ("", "THBX", "thb", "T1B", "\uff34\uff28\uff22", "TH\0"):
            yield from both("currency", repr(currency), currency)
    yield from {INVENTORY: _movements, BOOKINGS: _bookings, PAYMENTS: _payments}[topic](both)


def _movements(both: Any) -> Iterator[Case]:
    for quantity in (-1, 1_000_000_001, -(2**31), 2**31 - 1):
        yield from both("quantity", str(quantity), quantity)


def _bookings(both: Any) -> Iterator[Case]:
    for rooms in (0, -1, 100, 2**31 - 1):
        yield from both("rooms", str(rooms), rooms)
    for amount in (-0.01, -1e300):
        yield from both("totalAmount", str(amount), amount)
    for check_in in (-1, YEAR_2101_MS, -(2**63)):
        yield from both("checkIn", str(check_in), check_in)
    for check_out in (0, 2**63 - 1, 1_000 * DAY_MS):
        yield from both("checkOut", str(check_out), check_out)


def _payments(both: Any) -> Iterator[Case]:
    for amount in (-1, -(2**63)):
        yield from both("amountMinor", str(amount), amount)
