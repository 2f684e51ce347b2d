import pytest

from app.simulator.reference.avro import DoesNotFit
from app.simulator.reference.shapes import BY_ID
from app.simulator.reference.strict_json import NotJson, parse, read_record


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"{} {}",
        b"{'a':1}",
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":01}',
        b'{"a":1.}',
        b'{"a":"\n"}',
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b'{"a":["\\udc00"]}',
        b'{"\\ud800":1}',
        b'{"a":"\\ud800","a":1}',
        b'{"a":1,}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":\xd9\xa1}',
    ],
)
def test_what_a_strict_parser_refuses(text: bytes) -> None:
    with pytest.raises(NotJson):
        parse(text)


def test_a_thousand_levels_are_read_and_one_more_is_not() -> None:
    assert parse(b'{"a":' + b"[" * 999 + b"]" * 999 + b"}")
    assert parse(b'{"a":' * 999 + b"{}" + b"}" * 999)
    with pytest.raises(NotJson):
        parse(b'{"a":' + b"[" * 1000 + b"]" * 1000 + b"}")
    with pytest.raises(NotJson):
        parse(b'{"a":' + b"[" * 200_000)


def test_brackets_in_text_and_side_by_side_are_no_levels() -> None:
    assert parse(b'{"a":"' + b"[" * 2000 + b'\\"["}')
    assert parse(b'{"a":[' + b"[]," * 2000 + b"[]]}")


def test_of_doubled_names_the_last_counts_and_pairs_of_surrogates_are_text() -> None:
    assert parse(b'{"a":1,"a":"\\ud83d\\ude00"}') == {"a": "\U0001f600"}


INVENTORY = BY_ID[3]
EVENT = {
    "eventId": "e",
    "locationType": "STORE",
    "locationId": "s",
    "itemId": "i",
    "eventType": "SALE",
    "quantity": 1,
    "occurredAt": 2,
}


def test_defaults_are_filled_and_unknown_names_ignored() -> None:
    event = read_record({**EVENT, "stayFrom": "1970-01-02", "more": [1]}, INVENTORY)
    assert event == {**EVENT, "stayFrom": 1, "stayTo": None, "source": None, "metadata": None}


@pytest.mark.parametrize(
    "changed",
    [
        {"quantity": 5.0},
        {"quantity": True},
        {"quantity": 2**31},
        {"quantity": "1"},
        {"occurredAt": 2**63},
        {"occurredAt": None},
        {"eventId": 1},
        {"eventType": "sale"},
        {"eventType": ["SALE"]},
        {"stayFrom": 1},
        {"stayFrom": "2025-02-29"},
        {"stayFrom": "2025-W01-1"},
        {"stayFrom": "20250101"},
        {"source": 1},
        {"source": {"string": "x"}},
    ],
)
def test_wrong_types_do_not_fit(changed: dict[str, object]) -> None:
    with pytest.raises(DoesNotFit):
        read_record({**EVENT, **changed}, INVENTORY)


def test_a_missing_field_does_not_fit() -> None:
    with pytest.raises(DoesNotFit):
        read_record({"eventId": "e"}, INVENTORY)


@pytest.mark.parametrize(
    ("text", "value"),
    [(b"5", 5.0), (b"1e400", float("inf")), (b"-" + b"9" * 390, float("-inf")), (b"9" * 5000, float("inf"))],
)
def test_a_double_may_be_written_as_any_number(text: bytes, value: float) -> None:
    parsed = parse(b'{"f":' + text + b"}")
    assert read_record(parsed, {"fields": [{"name": "f", "type": "double"}]}) == {"f": value}
