from pathlib import Path

from app.domain.windows import MINUTES, EventTime
from app.engine.expiry import Expiring
from app.engine.panes import all_series
from app.engine.task import Task
from tables.windows import sales
from tests.app.engine.opened import opened

DAY = 86_400_000
MINUTE = 60_000


def put(task: Task, rows: dict[bytes, bytes | None]) -> None:
    task.store.write(rows.items(), task.store.changelog_offset + 1, {}, tallies={})


def clock(newest: int) -> dict[bytes, bytes | None]:
    return {sales.clock.key(): sales.clock.encode(EventTime(newest))}


def test_only_what_expired_as_of_the_commit_is_found_and_once(tmp_path: Path) -> None:
    task, series = opened(tmp_path), all_series(sales)
    panes: dict[bytes, bytes | None] = {each.packed(n * MINUTE): b"\x80" for each in series for n in range(10)}
    put(task, {**panes, **clock(DAY)})
    expiring = Expiring(task, sales, series)
    assert expiring.take(3 * DAY, 100) == []
    put(task, clock(DAY + 6 * MINUTE))
    # Kept: the pane that ended when the horizon was reached, and those after it.
    minutes = [each for each in series if each.size is MINUTES]
    expected = [each.packed(n * MINUTE) for each in minutes for n in range(5)]
    later = 3 * DAY + 20 * MINUTE
    found = expiring.take(later, 3) + expiring.take(later, 4) + expiring.take(later, 100)
    assert found == expected
    put(task, clock(4 * DAY))
    assert expiring.take(later, 100) == []
    assert expiring.take(4 * DAY, 100) == [each.packed(n * MINUTE) for each in minutes for n in range(5, 10)]
    put(task, clock(100 * DAY))
    assert len(expiring.take(100 * DAY, 100)) == 20
    task.close()
