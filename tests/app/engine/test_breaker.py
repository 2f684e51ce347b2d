from pathlib import Path
from typing import NamedTuple

import pytest

from app.domain.poison import KILLS_WORKER
from app.engine.breaker import DEATHS, Breaker

TOPIC = "inventory-events"


class Record(NamedTuple):
    offset: int


RECORDS = [Record(offset) for offset in range(0, 20, 2)]


class Worker:
    """A worker that starts, reads on from `position`, and dies at some offset of a partition; again and again."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.buried: list[int] = []
        self.read: list[int] = []

    def run(self, *, dies_at: int | None, position: int = 0) -> bool:
        """Whether it got to the end."""
        breaker = Breaker()
        breaker.open(self.directory)
        breaker.passed(TOPIC, 3, position)
        self.buried, self.read = [], []
        for part, verdict in breaker.pieces(TOPIC, 3, RECORDS, 4):
            if verdict is not None:
                assert verdict.reason == KILLS_WORKER
                self.buried += [record.offset for record in part]
                continue
            breaker.in_work.enter(TOPIC, 3, part[0].offset, part[-1].offset + 1)
            if dies_at in [record.offset for record in part]:
                return False
            self.read += [record.offset for record in part]
            breaker.in_work.leave()
        breaker.in_work.close()
        return True


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    return Worker(tmp_path)


def test_a_record_that_kills_is_buried_after_three_deaths_and_no_other(worker: Worker) -> None:
    for _ in range(DEATHS):
        assert not worker.run(dies_at=10)
    assert worker.run(dies_at=10)
    assert worker.buried == [10]
    assert worker.read == [offset for (offset,) in RECORDS if offset != 10]


def test_two_records_that_kill_are_both_found(worker: Worker) -> None:
    for dies_at in (10, 10, 10, 12, 12):
        assert not worker.run(dies_at=dies_at)
    assert worker.run(dies_at=None)
    assert worker.buried == [10, 12]


def test_deaths_at_the_same_list_but_not_the_same_record_bury_nothing(worker: Worker) -> None:
    for dies_at in (8, 10, 12, 14, 8):
        assert not worker.run(dies_at=dies_at)
    assert worker.run(dies_at=None)
    assert worker.buried == []
    assert not worker.run(dies_at=8)
    assert worker.run(dies_at=8)
    assert worker.buried == [8]


def test_what_a_partition_has_passed_is_forgotten(worker: Worker, tmp_path: Path) -> None:
    for _ in range(DEATHS):
        worker.run(dies_at=10)
    worker.run(dies_at=None, position=11)
    assert worker.buried == []
    assert not worker.run(dies_at=10)


def test_other_partitions_and_our_own_topics_are_not_under_suspicion(worker: Worker, tmp_path: Path) -> None:
    for _ in range(DEATHS):
        worker.run(dies_at=10)
    breaker = Breaker()
    breaker.open(tmp_path)
    for topic, partition in ((TOPIC, 4), ("payment-events", 3), ("stayshelf-reservations", 3)):
        assert [(len(part), verdict) for part, verdict in breaker.pieces(topic, partition, RECORDS, 1_000)] == [
            (10, None)
        ]
    breaker.in_work.close()


def test_files_that_can_t_be_read_or_written_keep_no_worker_from_working(
    worker: Worker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "deaths").write_text("{")
    assert worker.run(dies_at=None)
    (tmp_path / "deaths").unlink()
    (tmp_path / "in-work").unlink()
    (tmp_path / "in-work").mkdir()
    assert worker.run(dies_at=None)
    assert "counted anew" in caplog.text
    assert "can't be found" in caplog.text
