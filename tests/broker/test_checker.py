"""The checker itself: a history with one lost, doubled, reordered or torn record must not pass."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from app.simulator.reference.answers import Answers
from app.simulator.reference.model import APPLIED, PARTITIONS, Reference
from app.simulator.reference.murmur2 import partition_of
from app.simulator.reference.record import LogRecord
from app.simulator.scenario import Scenario, Shares
from tests.app.simulator.reference.log import NOW, movement
from tests.broker.checker import (
    LISTED,
    Observed,
    all_nights,
    differences,
    expected_completed,
    expected_letter,
    without_error,
)
from tests.broker.kafka_log import Letter
from tests.broker.window_questions import questions

COUNT = 1_500
TRIES = 5


def log() -> list[LogRecord]:
    records = []
    for offset, sent in enumerate(Scenario(2, start=NOW, rate=1_000, shares=Shares(0.05, 0.05, 0.05)).records(COUNT)):
        partition = partition_of(sent.key or b"", PARTITIONS[sent.topic])
        records.append(LogRecord(sent.topic, partition, offset, NOW + offset, sent.key, sent.value))
    return records


LOG = log()


def fold(records: list[LogRecord]) -> Reference:
    model = Reference()
    for record in records:
        model.feed(record)
    return model


MODEL = fold(LOG)
ANSWERS = Answers(MODEL)


def seen(model: Reference, asked: Answers = ANSWERS) -> Observed:
    """What workers would answer whose state is `model`, asked for what `asked` holds."""
    answers = Answers(model)
    return Observed(
        stores={store: answers.store_stock(store) for store in asked.store_ids()},
        rows={(store, "sku-00000"): answers.stock(store, "sku-00000") for store in asked.store_ids()},
        items={item: answers.item_stock(item) for item in asked.item_ids()},
        hotels={hotel: all_nights(answers, hotel) for hotel in asked.hotel_ids()},
        bookings={each: next(iter(answers.bookings(each)), None) for each in asked.booking_ids()},
        payments={each: answers.payment(each) for each in asked.payment_ids()},
        low_stock=answers.low_stock(20)[:LISTED],
        overbooked=answers.overbooked(0, 50_000)[:LISTED],
        windows={question: answers.windows(question) for question in questions(asked, 40)},
        letters=[expected_letter(letter) for letter in model.dead_letters],
        completed=list(expected_completed(model)),
    )


RIGHT = seen(MODEL)


def test_what_is_right_passes() -> None:
    assert differences(MODEL, RIGHT) == []
    assert all(RIGHT), "there is something of everything to compare"


def offsets_of(*types: str) -> list[int]:
    """Some offsets of events of these types that were applied, and were not sent a second time."""
    sent = Counter(record[4:] for record in LOG)
    model, found = Reference(), []
    for offset, record in enumerate(LOG):
        before = {type_: model.applied[record.topic, type_] for type_ in types}
        if (
            model.feed(record) == APPLIED
            and sent[record[4:]] == 1
            and any(model.applied[record.topic, type_] > before[type_] for type_ in types)
        ):
            found.append(offset)
    return found[:: max(len(found) // TRIES, 1)]


def renamed(record: LogRecord) -> LogRecord:
    assert record.value is not None
    return record._replace(value=record.value.replace(b"s2-e", b"x2-e"))


@pytest.mark.parametrize("offset", offsets_of("SALE", "RECEIPT", "ADJUSTMENT", "COMPLETED", "CANCELLED", "REFUNDED"))
def test_a_lost_record_is_found(offset: int) -> None:
    assert differences(MODEL, seen(fold(LOG[:offset] + LOG[offset + 1 :])))


@pytest.mark.parametrize("offset", offsets_of("SALE", "RETURN", "TRANSFER_OUT"))
def test_a_record_applied_twice_is_found(offset: int) -> None:
    doubled = [*LOG[: offset + 1], renamed(LOG[offset]), *LOG[offset + 1 :]]
    assert differences(MODEL, seen(fold(doubled)))


def test_records_in_another_order_are_found() -> None:
    count = movement(eventId="e1", eventType="COUNT", quantity=9, occurredAt=NOW)
    sale = movement(eventId="e2", occurredAt=NOW + 1)
    right, swapped = (
        fold([each._replace(partition=partition_of(b"S1", 24)) for each in order])
        for order in ((count, sale), (sale, count))
    )
    assert differences(right, seen(right, Answers(right))) == []
    assert differences(right, seen(swapped, Answers(right)))


def test_a_record_read_with_another_one_s_bytes_is_found() -> None:
    first, second = (offset for offset in offsets_of("SALE")[:2])
    torn = list(LOG)
    torn[first] = LOG[first]._replace(value=LOG[second].value, key=LOG[second].key, partition=LOG[second].partition)
    assert differences(MODEL, seen(fold(torn)))


def without(rows: Any) -> Any:
    return rows[:-1] if isinstance(rows, list) else {key: rows[key] for key in list(rows)[:-1]}


def twice(rows: Any) -> Any:
    return [*rows, rows[-1]]


@pytest.mark.parametrize("field", [field for field in Observed._fields if field not in ("rows", "items", "windows")])
def test_anything_missing_is_found(field: str) -> None:
    assert differences(MODEL, RIGHT._replace(**{field: without(getattr(RIGHT, field))}))


@pytest.mark.parametrize("field", ["low_stock", "overbooked", "letters", "completed"])
def test_anything_doubled_is_found(field: str) -> None:
    assert differences(MODEL, RIGHT._replace(**{field: twice(getattr(RIGHT, field))}))


def test_a_field_torn_from_its_row_is_found() -> None:
    store, rows = next(iter(RIGHT.stores.items()))
    for name in rows[0]:
        torn = {**rows[0], name: "torn"}
        assert differences(MODEL, RIGHT._replace(stores={**RIGHT.stores, store: [torn, *rows[1:]]})), name


def test_a_window_that_counts_something_else_is_found() -> None:
    question, found = next((question, found) for question, found in RIGHT.windows.items() if found)
    for name in found[0]:
        torn = {**found[0], name: "torn"}
        assert differences(MODEL, RIGHT._replace(windows={question: [torn, *found[1:]]})), name
    assert differences(MODEL, RIGHT._replace(windows={question: found[1:]}))


def test_a_booking_without_its_nights_is_found() -> None:
    hotel, nights = next((hotel, nights) for hotel, nights in RIGHT.hotels.items() if any(n["sold"] for n in nights))
    torn = [{**night, "sold": max(night["sold"] - 1, 0)} for night in nights]
    assert differences(MODEL, RIGHT._replace(hotels={**RIGHT.hotels, hotel: torn}))


def test_a_list_in_another_order_is_found() -> None:
    assert differences(MODEL, RIGHT._replace(low_stock=RIGHT.low_stock[::-1]))


@pytest.mark.parametrize(
    "change",
    [
        lambda letter: letter._replace(partition=letter.partition + 1),
        lambda letter: letter._replace(key=b"another"),
        lambda letter: letter._replace(value=b"another"),
        lambda letter: letter._replace(headers=letter.headers[1:]),
        lambda letter: letter._replace(
            topic="booking-events-dlt" if letter.topic[0] == "i" else "inventory-events-dlt"
        ),
    ],
)
def test_a_letter_that_says_something_else_is_found(change: Callable[[Letter], Letter]) -> None:
    assert differences(MODEL, RIGHT._replace(letters=[change(RIGHT.letters[0]), *RIGHT.letters[1:]]))


def test_a_letter_has_one_error_of_any_text() -> None:
    letter = RIGHT.letters[0]
    told = letter._replace(headers=(("dlt-error", "quantity is too large"), *letter.headers))
    assert without_error(told) == letter
    with pytest.raises(AssertionError):
        without_error(letter)


def test_an_output_in_a_partition_that_is_not_its_key_s_is_found() -> None:
    moved = RIGHT.completed[0]._replace(partition=(RIGHT.completed[0].partition + 1) % 6)
    assert differences(MODEL, RIGHT._replace(completed=[moved, *RIGHT.completed[1:]]))
