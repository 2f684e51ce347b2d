import hashlib
from typing import NamedTuple

import pytest

from app.delivery.dead_letters import KEY_BYTES_MAX, VALUE_BYTES_MAX, Headers, Letter, letter, read_headers


class Record(NamedTuple):
    key: bytes | None
    value: bytes | None
    partition: int = 3
    offset: int = 41
    timestamp: int = 1_700_000_000_123


def dead(record: Record) -> tuple[bytes | None, bytes | None, Headers]:
    return letter(record, "payment-events", reason="invalid-value", error="currency: not three letters", attempts=1)


@pytest.mark.parametrize("value", [None, b"", b"\x00\xff{", b"x" * VALUE_BYTES_MAX])
@pytest.mark.parametrize("key", [None, b"", b"\xfe"])
def test_key_and_value_stay_as_they_were(key: bytes | None, value: bytes | None) -> None:
    assert dead(Record(key, value))[:2] == (key, value)


def test_headers_are_text_in_the_order_of_the_contract() -> None:
    assert dead(Record(b"k", b"v"))[2] == (
        ("dlt-reason", b"invalid-value"),
        ("dlt-error", b"currency: not three letters"),
        ("dlt-topic", b"payment-events"),
        ("dlt-partition", b"3"),
        ("dlt-offset", b"41"),
        ("dlt-attempts", b"1"),
        ("dlt-timestamp", b"1700000000123"),
    )


def test_a_value_over_64_mib_is_replaced_by_its_digest_and_its_beginning() -> None:
    value = bytes(range(256)) * (VALUE_BYTES_MAX // 256) + b"!"
    _, kept, headers = dead(Record(b"k", value))
    assert kept == hashlib.sha256(value).hexdigest().encode() + b"\n" + value[:1024]
    assert headers[-1] == ("dlt-truncated", str(len(value)).encode())


def test_a_key_no_request_could_carry_is_cut_as_well() -> None:
    key = b"k" * (KEY_BYTES_MAX + 1)
    kept, value, headers = dead(Record(key, b"v"))
    assert kept == hashlib.sha256(key).hexdigest().encode() + b"\n" + key[:1024]
    assert value == b"v"
    assert headers[-1] == ("dlt-truncated-key", str(len(key)).encode())


def test_headers_are_read_back() -> None:
    said = Letter("invalid-value", "currency: not three letters", "payment-events", 3, 41, 1, 1_700_000_000_123, False)
    assert read_headers(dead(Record(b"k", b"v"))[2]) == said


@pytest.mark.parametrize("headers", [(), (("dlt-reason", b"x"),), (("dlt-offset", b"many"),)])
def test_other_records_are_no_letters(headers: Headers) -> None:
    assert read_headers(headers) is None
