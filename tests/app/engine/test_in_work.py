import multiprocessing
import os
import signal
from pathlib import Path

from app.engine.in_work import InWork, Stretch

HERE = Stretch("inventory-events-retry-2", 23, 1 << 40, (1 << 40) + 1_000)


def die_at_work(file: Path, leave_first: bool) -> None:
    in_work = InWork()
    in_work.open(file)
    in_work.enter(*HERE)
    if leave_first:
        in_work.leave()
    os.kill(os.getpid(), signal.SIGKILL)


def left_by_a_dead_process(file: Path, *, leave_first: bool) -> Stretch | None:
    process = multiprocessing.get_context("spawn").Process(target=die_at_work, args=(file, leave_first))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    return InWork().open(file)


def test_what_was_in_work_survives_the_process(tmp_path: Path) -> None:
    assert left_by_a_dead_process(tmp_path / "in-work", leave_first=False) == HERE


def test_what_was_done_does_not_count(tmp_path: Path) -> None:
    assert left_by_a_dead_process(tmp_path / "in-work", leave_first=True) is None


def test_a_death_is_found_once_and_a_clean_end_never(tmp_path: Path) -> None:
    first = InWork()
    assert first.open(tmp_path / "in-work") is None
    first.enter(*HERE)
    assert InWork().open(tmp_path / "in-work") == HERE
    assert InWork().open(tmp_path / "in-work") is None
    first.enter(*HERE)
    first.close()
    assert InWork().open(tmp_path / "in-work") is None


def test_unopened_it_marks_nothing() -> None:
    in_work = InWork()
    in_work.enter(*HERE)
    in_work.leave()
    in_work.close()
