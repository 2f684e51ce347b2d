"""The load's log is what acknowledged records are looked for by: it must not mistake one for another."""

import json
from pathlib import Path

import pytest

from tests.chaos.load import Acknowledged, Sent, acknowledged, checksum

BATCH: list[tuple[bytes | None, bytes | None]] = [(b"k1", b"v1"), (b"k2", None), (None, b"v3")]


def test_the_log_is_read_as_it_was_written(tmp_path: Path) -> None:
    log = tmp_path / "load.log"
    end = Sent(3, {"KafkaError": 1}, 0.5)
    log.write_text(f"booking-events 11 70 3 {checksum(BATCH)}\n{json.dumps(end._asdict())}\n")
    assert acknowledged(log) == ([Acknowledged("booking-events", 11, 70, 3, checksum(BATCH))], end)


@pytest.mark.parametrize(
    "other",
    [
        BATCH[:2],
        BATCH[1:],
        [*BATCH, BATCH[2]],
        [BATCH[1], BATCH[0], BATCH[2]],
        [(b"k1", b"v2"), *BATCH[1:]],
        [(b"k1", b"v1"), (b"k2", b""), BATCH[2]],
        [(b"k1", b"v1"), BATCH[1], (b"", b"v3")],
    ],
)
def test_other_records_have_another_checksum(other: list[tuple[bytes | None, bytes | None]]) -> None:
    assert checksum(other) != checksum(BATCH)
