"""Records that can never be applied: every dead letter reason of the contract, made out of a good event."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any, NamedTuple

from app.simulator.encoding import BOOKINGS, INVENTORY, JSON, PAYMENTS, Event, encode, key_of

DAY = 86_400_000
YEAR_2100 = 4_102_444_800_000  # valid as a timestamp, and ahead of every clock that will send it
TOO_LONG = "x" * 129
NO_SUCH_SCHEMA = 4_000_000
OWN_SCHEMA = {BOOKINGS: 2, INVENTORY: 3, PAYMENTS: 4}
AN_ID = {BOOKINGS: "bookingId", INVENTORY: "itemId", PAYMENTS: "bookingId"}
A_NUMBER = {BOOKINGS: "rooms", INVENTORY: "quantity", PAYMENTS: "amountMinor"}


class Spoiled(NamedTuple):
    """A record for `topic`, and the reason under which it must end in the dead letter topic."""

    topic: str
    key: bytes | None
    value: bytes | None
    reason: str


Make = Callable[[str, Event], Any]


class Kind(NamedTuple):
    """One way to spoil an event: the reason it counts under, and (topic, event) -> value, changed event or key."""

    reason: str
    make: Make
    topics: tuple[str, ...]


def _avro(topic: str, event: Event) -> bytes:
    return encode(event, OWN_SCHEMA[topic])


def _json_with(event: Event, raw: bytes) -> bytes:
    return encode(event, JSON)[:-1] + b',"extra":' + raw + b"}"


ALL = (BOOKINGS, INVENTORY, PAYMENTS)


def _kinds(reason: str, *makes: Make, topics: tuple[str, ...] = ALL) -> tuple[Kind, ...]:
    return tuple(Kind(reason, make, topics) for make in makes)


def _values(topics: tuple[str, ...], *changes: Event) -> tuple[Kind, ...]:
    return _kinds("invalid-value", *(partial(_changed, change) for change in changes), topics=topics)


def _changed(change: Event, _topic: str, event: Event) -> Event:
    return {**event, **change}


NOT_READABLE = _kinds(
    "not-avro-or-json",
    lambda _topic, _event: None,
    lambda _topic, _event: b"",
    lambda topic, event: _avro(topic, event)[:4],
    lambda topic, event: b"\1" + _avro(topic, event),
    lambda _topic, event: encode(event, JSON)[:-1],
    lambda _topic, event: b" " + encode(event, JSON),
    lambda _topic, event: _json_with(event, b"NaN"),
    lambda _topic, event: _json_with(event, b'"\\ud83d"'),
    lambda _topic, event: _json_with(event, b"[" * 1_000 + b"]" * 1_000),
    lambda _topic, event: _json_with(event, b'"\xff"'),
)
UNKNOWN = _kinds(
    "unknown-schema",
    lambda topic, event: b"\0" + NO_SUCH_SCHEMA.to_bytes(4, "big") + _avro(topic, event)[5:],
    lambda topic, event: b"\0\xff\xff\xff\xff" + _avro(topic, event)[5:],
)
NOT_FITTING = (
    *_kinds(
        "does-not-fit-schema",
        lambda topic, event: _avro(topic, event)[:-2],
        lambda topic, event: _avro(topic, event) + b"\0",
        lambda topic, event: b"\0\0\0\0\5" + _avro(topic, event)[5:],
        lambda topic, event: _avro(topic, event)[:5] + b"\xff" * 12,
        lambda _topic, _event: b"{}",
        lambda topic, event: encode({**event, A_NUMBER[topic]: 5.0}, JSON),
        lambda topic, event: encode({**event, A_NUMBER[topic]: str(event.get(A_NUMBER[topic]))}, JSON),
        lambda topic, event: encode({**event, AN_ID[topic]: None}, JSON),
        lambda topic, event: encode({name: event[name] for name in event if name != AN_ID[topic]}, JSON),
    ),
    *_kinds(
        "does-not-fit-schema",
        lambda _topic, event: encode({**event, "quantity": 2**31}, JSON),
        lambda _topic, event: encode({**event, "stayFrom": 20_000}, JSON),
        topics=(INVENTORY,),
    ),
    *_kinds(
        "does-not-fit-schema",
        lambda _topic, event: encode({**event, "status": "LOST"}, JSON),
        topics=(BOOKINGS, PAYMENTS),
    ),
)
WRONG_KEYS = _kinds(
    "key-mismatch",
    lambda _topic, _event: None,
    lambda _topic, _event: b"\xc3\x28",
    lambda topic, event: b"x" + key_of(topic, event),
    lambda _topic, _event: b"",
)
INVALID = (
    *_kinds(
        "invalid-value",
        lambda topic, event: {**event, AN_ID[topic]: ""},
        lambda topic, event: {**event, AN_ID[topic]: TOO_LONG},
    ),
    *_values(ALL, {"occurredAt": YEAR_2100}, {"occurredAt": -1}, {"eventId": TOO_LONG}),
    *_values((INVENTORY, PAYMENTS), {"eventId": ""}),
    *_values((BOOKINGS, PAYMENTS), {"currency": "eur"}, {"currency": "EURO"}),
    *_values((BOOKINGS,), {"rooms": 0}, {"rooms": 100}, {"totalAmount": -0.01}, {"roomType": ""}, {"checkIn": -1}),
    *_kinds(
        "invalid-value",
        lambda _topic, event: {**event, "checkOut": event["checkIn"]},
        lambda _topic, event: {**event, "checkOut": event["checkIn"] + 366 * DAY},
        lambda topic, event: _avro(topic, {**event, "totalAmount": float("nan")}),
        lambda topic, event: _avro(topic, {**event, "totalAmount": float("inf")}),
        topics=(BOOKINGS,),
    ),
    *_values((PAYMENTS,), {"amountMinor": -1}),
    *_values(
        (INVENTORY,),
        {"eventType": "SALE", "locationType": "STORE", "quantity": -1},
        {"eventType": "ADJUSTMENT", "locationType": "STORE", "quantity": -1_000_000_001},
        {"eventType": "SALE", "locationType": "HOTEL", "quantity": 1},
        {"eventType": "ALLOTMENT", "locationType": "STORE", "quantity": 1},
        {"eventType": "ALLOTMENT", "locationType": "HOTEL", "quantity": 1, "stayFrom": None, "stayTo": None},
        *(
            {"eventType": "OPEN_SELL", "locationType": "HOTEL", "quantity": 0, "stayFrom": first, "stayTo": end}
            for first, end in (
                ("2030-01-02", "2030-01-02"),
                ("2030-01-02", "2032-01-04"),
                ("2100-12-30", "2101-01-02"),
                ("1969-12-31", "1970-01-02"),
            )
        ),
    ),
)
UNMATCHED = _kinds(
    "unmatched-refund",
    lambda _topic, event: {**event, "paymentId": f"{event['paymentId']}-never-paid", "status": "REFUNDED"},
    topics=(PAYMENTS,),
)
KINDS = (*NOT_READABLE, *UNKNOWN, *NOT_FITTING, *WRONG_KEYS, *INVALID, *UNMATCHED)


def kinds_of(topic: str) -> tuple[Kind, ...]:
    """Every way to spoil an event of `topic`."""
    return tuple(kind for kind in KINDS if topic in kind.topics)


def spoil(topic: str, event: Event, kind: Kind, *, key: bytes) -> Spoiled:
    """`event` as `kind` spoils it; `key` is the key it would have had."""
    made = kind.make(topic, event)
    if kind.reason == "key-mismatch":
        return Spoiled(topic, made, encode(event, JSON), kind.reason)
    if isinstance(made, dict):
        return Spoiled(topic, key if topic == BOOKINGS else key_of(topic, made), encode(made, JSON), kind.reason)
    return Spoiled(topic, key, made, kind.reason)


def spoil_any(rng: Random, topic: str, event: Event, *, key: bytes) -> Spoiled:
    """`event` spoiled in a way drawn from `rng`: first the reason, then one of its kinds."""
    kinds = kinds_of(topic)
    reason = rng.choice(list(dict.fromkeys(kind.reason for kind in kinds)))
    return spoil(topic, event, rng.choice([kind for kind in kinds if kind.reason == reason]), key=key)
