import gzip
from collections import Counter
from pathlib import Path

import orjson

from app.simulator.event_file import read, write
from app.simulator.reference.answers import Answers
from app.simulator.reference.model import PARTITIONS, Reference
from app.simulator.reference.murmur2 import partition_of
from app.simulator.reference.record import LogRecord
from app.simulator.resort.happening import lines
from app.simulator.sample.build import BOOKINGS_FILE, SAMPLE_FILE, sample_events

SENT_AT = 1_790_000_000_000


def test_the_bundled_file_is_what_the_script_writes(tmp_path: Path) -> None:
    write(tmp_path / "events.gz", lines(sample_events()))
    # Another zlib may pack the same events into other bytes.
    assert gzip.decompress((tmp_path / "events.gz").read_bytes()) == gzip.decompress(SAMPLE_FILE.read_bytes())


def test_the_sample_is_small() -> None:
    assert SAMPLE_FILE.stat().st_size + BOOKINGS_FILE.stat().st_size < 2_000_000


def test_the_sample_has_something_of_everything() -> None:
    model = Reference()
    for offset, line in enumerate(read(SAMPLE_FILE)):
        record = line.record
        assert record.key is not None
        partition = partition_of(record.key, PARTITIONS[record.topic])
        model.feed(LogRecord(record.topic, partition, offset, SENT_AT, record.key, record.value))
    answers = Answers(model)
    assert len(model.bookings) > 3_000
    assert len(answers.hotel_ids()) > 50
    assert len(answers.overbooked(0, 99_999)) > 10
    assert len(answers.low_stock(20)) > 50
    assert model.completed
    reasons = Counter(letter.reason for letter in model.dead_letters)
    assert set(reasons) == {"invalid-value"}
    assert all(orjson.loads(letter.record.value or b"")["bookingId"] for letter in model.dead_letters)
