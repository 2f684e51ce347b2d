import gzip
from pathlib import Path

import pytest

from app.simulator.event_file import BadLine, read, write
from app.simulator.outgoing import Outgoing

LINES = [
    {"topic": "payment-events", "key": "P1", "value": {"paymentId": "P1", "amountMinor": 5.0}, "timestamp": 5_000},
    {"topic": "booking-events", "key": None, "value": {}},
    {"topic": "inventory-events", "key": "é", "value": {}, "timestamp": 4_000},
    {"topic": "inventory-events", "key": "", "value": None, "timestamp": 6_500},
]
RECORDS = [
    Outgoing("payment-events", b"P1", b'{"paymentId":"P1","amountMinor":5.0}', 0.0),
    Outgoing("booking-events", None, b"{}", None),
    Outgoing("inventory-events", "é".encode(), b"{}", 0.0),
    Outgoing("inventory-events", b"", None, 1.5),
]


def test_what_is_written_is_read_again_packed_or_not(tmp_path: Path) -> None:
    assert write(tmp_path / "events.gz", LINES) == 4
    (tmp_path / "events").write_bytes(gzip.decompress((tmp_path / "events.gz").read_bytes()) + b"\n \n")
    for name in ("events.gz", "events"):
        lines = list(read(tmp_path / name))
        assert [line.record for line in lines] == RECORDS
        assert 0 < lines[-1].read <= (tmp_path / name).stat().st_size


def test_the_same_events_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name, LINES)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (b"secret", "not JSON"),
        (b'{"topic":"payment-events","key":null,"value":null}', "key and value can't both be null"),
        (b'["secret"]', "not a JSON object"),
        (
            b'{"topic":"secret","key":"k","value":{}}',
            "topic must be one of booking-events, inventory-events, payment-events",
        ),
        (
            b'{"topic":["secret"],"key":"k","value":{}}',
            "topic must be one of booking-events, inventory-events, payment-events",
        ),
        (b'{"topic":"payment-events","value":{}}', "key must be text, or null"),
        (b'{"topic":"payment-events","key":"secret"}', "value must be an object, or null"),
        (b'{"topic":"payment-events","key":"k","value":"secret"}', "value must be an object, or null"),
        (
            b'{"topic":"payment-events","key":"k","value":{},"timestamp":"secret"}',
            "timestamp must be epoch milliseconds",
        ),
        (b'{"topic":"payment-events","key":"k","value":{},"timestamp":true}', "timestamp must be epoch milliseconds"),
    ],
)
def test_a_bad_line_is_named_and_not_shown(tmp_path: Path, line: bytes, wrong: str) -> None:
    (tmp_path / "events").write_bytes(b'{"topic":"payment-events","key":"k","value":{}}\n' + line)
    with pytest.raises(BadLine) as bad:
        list(read(tmp_path / "events"))
    assert str(bad.value) == f"line 2: {wrong}"


def test_a_file_cut_short_says_where(tmp_path: Path) -> None:
    write(tmp_path / "events", LINES)
    (tmp_path / "events").write_bytes((tmp_path / "events").read_bytes()[:-8])
    with pytest.raises(BadLine, match=r"line \d: "):
        list(read(tmp_path / "events"))
