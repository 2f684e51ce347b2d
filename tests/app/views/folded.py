"""Windows put into the views' fake tasks by the engine's own hands."""

from types import SimpleNamespace
from typing import Any

from app.engine.panes import Windows
from app.engine.pending import Pending
from app.engine.windows import Noted


def fold(fleet: Any, windows: Windows, partition: int, noted: list[Any]) -> None:
    """Add what was noted to every copy of a partition."""
    group = windows.table.group
    for worker in fleet.workers:
        copy = worker.tasks.get(group, partition)
        if copy is not None:
            put(copy, windows, noted)


def put(copy: Any, windows: Windows, noted: list[Any]) -> None:
    """Add what was noted to one fake task."""

    def latest(key: bytes) -> bytes | None:
        if key not in copy.rows:
            return None
        return (windows.clock if key == windows.clock.key() else windows.table).encode(copy.rows[key])

    def scan(start: bytes, stop: bytes) -> list[tuple[bytes, Any]]:
        return [(key, copy.rows[key]) for key in sorted(copy.rows) if start <= key < stop]

    store = SimpleNamespace(scan=scan)
    task, pending = SimpleNamespace(latest=latest, read=copy.read, open_panes={}, store=store), Pending()
    one = Noted(task, windows)  # type: ignore[arg-type]
    one.events += noted
    one.flush(pending)
    for key, value in pending.rows.items():
        copy.rows[key] = (windows.clock if key == windows.clock.key() else windows.table).decode(value)
