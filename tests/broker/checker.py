"""Compares what was observed with what the reference model says, and names every difference."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from app.simulator.reference.answers import Answer, Answers
from app.simulator.reference.model import Reference
from app.simulator.reference.murmur2 import partition_of
from app.simulator.reference.record import DeadLetter
from app.simulator.reference.windows import Question
from tests.broker.kafka_log import Letter, Sent

MOST_BYTES = 67_108_864
LISTED = 1_000  # the contract's highest limit of a list


class Observed(NamedTuple):
    """What was seen over HTTP, without asOf, and in the output topics; None for 404. Rows and items: a part of all."""

    stores: dict[str, list[Answer]]
    rows: dict[tuple[str, str], Answer | None]
    items: dict[str, Answer]
    hotels: dict[str, list[Answer]]
    bookings: dict[str, Answer | None]
    payments: dict[str, Answer | None]
    low_stock: list[Answer]
    overbooked: list[Answer]
    windows: dict[Question, list[Answer]]
    letters: list[Letter]
    completed: list[Sent]


def differences(
    model: Reference, observed: Observed, *, answers: Answers | None = None, low_stock_max: int = 20
) -> list[str]:
    """One line for each difference; empty where all is as the log says. `answers` may know of fewer ids to ask for."""
    answers = answers or Answers(model)
    return [
        *_rows("store", {store: answers.store_stock(store) for store in answers.store_ids()}, observed.stores),
        *_rows("row", {row: answers.stock(*row) for row in observed.rows}, observed.rows),
        *_rows("item", {item: answers.item_stock(item) for item in observed.items}, _sorted(observed.items)),
        *_rows("hotel", {hotel: all_nights(answers, hotel) for hotel in answers.hotel_ids()}, observed.hotels),
        *_one_of("booking", {each: answers.bookings(each) for each in answers.booking_ids()}, observed.bookings),
        *_one_of("payment", {each: answers.payments(each) for each in answers.payment_ids()}, observed.payments),
        *_list("low stock", answers.low_stock(low_stock_max), observed.low_stock, order="onHand"),
        *_list("overbooked", answers.overbooked(0, 50_000), observed.overbooked, order="date"),
        *_windows(model, answers, observed.windows),
        *_times("dead letter", Counter(map(expected_letter, model.dead_letters)), Counter(observed.letters)),
        *_times("payment-completed", Counter(expected_completed(model)), Counter(observed.completed)),
    ]


def _rows(what: str, expected: dict[Any, Any], found: dict[Any, Any]) -> Iterator[str]:
    for key in sorted(expected.keys() | found.keys(), key=repr):
        if expected.get(key) != found.get(key):
            yield f"{what} {key}: expected {_short(expected.get(key), found.get(key))}"


def _short(expected: Any, found: Any) -> str:
    if isinstance(expected, list) and isinstance(found, list):
        wanted, got = (
            [row for row in these if row not in those] for these, those in ((expected, found), (found, expected))
        )
        return f"{len(expected)} rows, found {len(found)}; only expected {wanted[:2]}, only found {got[:2]}"
    return f"{expected}, found {found}"


def _sorted(items: dict[str, Answer]) -> dict[str, Answer]:
    return {
        item: {**answer, "stores": sorted(answer["stores"], key=lambda store: str(store["storeId"]))}
        for item, answer in items.items()
    }


def all_nights(answers: Answers, hotel: str) -> list[Answer]:
    first, end = answers.night_range(hotel)
    return answers.availability(hotel, first=first, end=end)


def _one_of(what: str, allowed: dict[str, list[Answer]], found: dict[str, Answer | None]) -> Iterator[str]:
    for key in sorted({*allowed, *found}):
        if found.get(key) not in (allowed.get(key) or [None]):
            yield f"{what} {key}: expected {allowed.get(key)}, found {found.get(key)}"


def _windows(model: Reference, answers: Answers, found: dict[Question, list[Answer]]) -> Iterator[str]:
    # Which of several refunds was the first is known to nobody, nor then what payments' windows hold.
    known = {question: windows for question, windows in found.items() if question.kind != "payments"}
    sure = known if model.is_ambiguous else found
    yield from _rows("windows", {question: answers.windows(question) for question in sure}, sure)


def _list(what: str, expected: list[Answer], found: list[Answer], *, order: str) -> Iterator[str]:
    if [row[order] for row in expected[:LISTED]] != [row[order] for row in found]:
        yield f"{what}: expected {len(expected[:LISTED])} rows, found {len(found)}, or another order"
    strange = [row for row in found if row not in expected]
    if strange:
        yield f"{what}: {len(strange)} rows nobody expects, {strange[0]}"


def _times(what: str, expected: Counter[Any], found: Counter[Any]) -> Iterator[str]:
    for each in expected.keys() | found.keys():
        if expected[each] != found[each]:
            yield f"{what} {str(each)[:300]}: expected {expected[each]} times, found {found[each]} times"


def expected_letter(dead: DeadLetter) -> Letter:
    source = dead.record
    headers = [
        ("dlt-attempts", str(dead.attempts)),
        ("dlt-offset", str(source.offset)),
        ("dlt-partition", str(source.partition)),
        ("dlt-reason", dead.reason),
        ("dlt-timestamp", str(source.timestamp)),
        ("dlt-topic", source.topic),
    ]
    value = source.value
    if value is not None and len(value) > MOST_BYTES:
        headers.append(("dlt-truncated", str(len(value))))
        value = hashlib.sha256(value).hexdigest().encode() + b"\n" + value[:1_024]
    return Letter(f"{source.topic}-dlt", source.partition, source.key, value, tuple(headers))


def without_error(letter: Letter) -> Letter:
    """The letter with its headers in order, and without the error's free text, which must be there and not too long."""
    errors = [text for name, text in letter.headers if name == "dlt-error"]
    assert len(errors) == 1, "a letter has one error"
    assert 0 < len(errors[0]) <= 200, "an error names a field and a rule"
    return letter._replace(headers=tuple(sorted(header for header in letter.headers if header[0] != "dlt-error")))


def expected_completed(model: Reference) -> Iterator[Sent]:
    for completed in model.completed:
        key = completed.booking_id.encode()
        yield Sent(partition_of(key, 6), key, completed)
