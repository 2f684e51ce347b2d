"""The engine's decoder and the reference model, two readings of one contract, judge the same records alike."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from app.domain.poison import Poison
from app.engine.decode import BundledRegistry, Decoder
from app.simulator.encoding import BOOKINGS, INVENTORY, PAYMENTS, WRITERS, encode, key_of
from app.simulator.reference.poison import Poisoned, read_event
from app.simulator.reference.record import LogRecord
from app.simulator.spoil import kinds_of, spoil
from tests.app.simulator.reference.log import ALLOTMENT, BOOKING, MOVEMENT, NOW, PAYMENT

SEED = 20_260_101
ROUNDS = 1_500
GOOD: dict[str, list[dict[str, Any]]] = {
    BOOKINGS: [{**BOOKING, "rooms": 2, "roomType": "SÜITE"}, {**BOOKING, "metadata": "é" * 40}],
    INVENTORY: [MOVEMENT, ALLOTMENT, {**MOVEMENT, "eventType": "ADJUSTMENT", "quantity": -3, "source": "till"}],
    PAYMENTS: [PAYMENT, {**PAYMENT, "status": "REFUNDED", "amountMinor": 2**40}],
}
NUMBERS = (
    -1,
    0,
    1,
    5,
    127,
    128,
    129,
    2**31 - 1,
    2**31,
    -(2**31),
    2**53,
    2**63 - 1,
    2**63,
    2**64,
    10**400,
    1.5,
    5.0,
    1e400,
)
TEXTS = (
    "",
    "x",
    "x" * 128,
    "x" * 129,
    "\U0001f600" * 128,
    "\U0001f600" * 129,
    "\0",
    "EUR",
    "eur",
    "ẼUR",
    "EUR\n",
    "SALE",
)
OTHERS = (None, True, False, [], {}, ["x"], {"string": "x"})
DATES = ("2025-02-29", "2025-W01-1", "20250101", "2025-1-1", "0001-01-01", "9999-12-31", "2101-01-01", " 2025-01-01")
RAW = (
    b"NaN",
    b"-0",
    b"-0.0",
    b"1e2",
    b"1E400",
    b"-1e400",
    b"01",
    b"+1",
    b"1.",
    b".5",
    b"0x1",
    b'"\\ud800"',
    b'"\\u0000"',
    b"tru",
)
Mutation = Callable[[random.Random, str, dict[str, Any]], bytes]


def with_value(rng: random.Random, topic: str, event: dict[str, Any]) -> bytes:
    name = rng.choice([*event, "stayFrom", "stayTo", "metadata", "rooms", "unknown"])
    value = rng.choice([*NUMBERS, *TEXTS, *OTHERS, *DATES])
    text = encode({key: each for key, each in event.items() if key != name}, 0)
    return text[:-1] + b',"%s":%s}' % (name.encode(), as_json(value))


def as_json(value: Any) -> bytes:
    if isinstance(value, float) and value == float("inf"):
        return b"1e400"
    return str(value).encode() if type(value) is int else encode(value, 0)


def with_raw(rng: random.Random, topic: str, event: dict[str, Any]) -> bytes:
    name = rng.choice([*event, "unknown"])
    text = encode({key: each for key, each in event.items() if key != name}, 0)
    return text[:-1] + b',"%s":%s}' % (name.encode(), rng.choice(RAW))


def without_field(rng: random.Random, topic: str, event: dict[str, Any]) -> bytes:
    gone = rng.choice(list(event))
    return encode({name: value for name, value in event.items() if name != gone}, 0)


def avro(rng: random.Random, topic: str, event: dict[str, Any]) -> bytes:
    return encode(event, rng.choice([writer for writer in WRITERS[topic] if writer]))


def json_flipped(rng: random.Random, topic: str, event: dict[str, Any]) -> bytes:
    return flipped(rng, encode(event, 0))


def avro_flipped(rng: random.Random, topic: str, event: dict[str, Any]) -> bytes:
    return flipped(rng, avro(rng, topic, event))


def flipped(rng: random.Random, value: bytes) -> bytes:
    changed = bytearray(value)
    for _ in range(rng.choice((1, 1, 2, 4))):
        changed[rng.randrange(len(changed))] = rng.choice((0, 1, 2, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    return bytes(changed)


def cut_or_longer(rng: random.Random, topic: str, event: dict[str, Any]) -> bytes:
    value = avro(rng, topic, event)
    return value[: rng.randrange(len(value))] if rng.random() < 0.5 else value + rng.randbytes(rng.randrange(1, 12))


def spliced(rng: random.Random, topic: str, event: dict[str, Any]) -> bytes:
    value, other = avro(rng, topic, event), avro(rng, topic, rng.choice(GOOD[topic]))
    at = rng.randrange(5, len(value))
    return value[:at] + other[rng.randrange(5, len(other)) :]


def any_bytes(rng: random.Random, topic: str, event: dict[str, Any]) -> bytes:
    return bytes([0, 0, 0, 0, rng.randrange(7)]) + rng.randbytes(rng.randrange(60))


def spoiled(rng: random.Random, topic: str, event: dict[str, Any]) -> bytes:
    kind = rng.choice([each for each in kinds_of(topic) if each.reason != "key-mismatch"])
    return spoil(topic, {**event, "rooms": 1} if topic == BOOKINGS else event, kind, key=b"").value or b""


MUTATIONS: tuple[Mutation, ...] = (
    with_value,
    with_raw,
    without_field,
    avro,
    json_flipped,
    avro_flipped,
    cut_or_longer,
    spliced,
    any_bytes,
    spoiled,
)


def keys(topic: str, event: dict[str, Any]) -> tuple[bytes | None, ...]:
    right = key_of(topic, event, "EU")
    return right, right, right, right, right, None, b"", b"\xff", right + b"x", right[:-1]


def records(topic: str, mutation: Mutation, count: int) -> list[LogRecord]:
    rng = random.Random(f"{SEED} {topic} {mutation.__name__}")
    found = []
    for offset in range(count):
        event = rng.choice(GOOD[topic])
        value = mutation(rng, topic, event)
        timestamp = rng.choice((NOW, NOW, NOW, NOW - 600_000, NOW - 600_001, 0, -1))
        found.append(LogRecord(topic, 0, offset, timestamp, rng.choice(keys(topic, event)), value))
    return found


def verdict(record: LogRecord) -> Any:
    try:
        return read_event(record)
    except Poisoned as poison:
        return poison.reason


def told(event: Any) -> Any:
    """The model's event under the engine's names."""
    if isinstance(event, str):
        return event
    named = {"".join("_" + c.lower() if c.isupper() else c for c in name): value for name, value in event.items()}
    for date in ("check_in", "check_out"):
        if date in named:
            named[date] //= 86_400_000
    return named


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
@pytest.mark.parametrize("topic", list(GOOD))
def test_every_record_is_judged_alike_by_itself_and_in_columns(topic: str, mutation: Mutation) -> None:
    log = records(topic, mutation, ROUNDS)
    expected = [told(verdict(record)) for record in log]
    for min_batch in (1, 10**9):
        decoded = Decoder(topic, BundledRegistry(), min_batch=min_batch).decode(log)
        for record, wanted, found in zip(log, expected, decoded, strict=True):
            got = found.reason if isinstance(found, Poison) else found._asdict()
            assert got == wanted, record


def test_the_records_are_good_and_bad_in_every_way() -> None:
    seen = {str(told(verdict(record)))[:20] for topic in GOOD for m in MUTATIONS for record in records(topic, m, 200)}
    assert seen >= {"not-avro-or-json", "unknown-schema", "does-not-fit-schema", "key-mismatch", "invalid-value"}
    assert any(each.startswith("{") for each in seen)
