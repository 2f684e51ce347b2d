"""Panes of a task against those of the reference."""

from app.domain.windows import SIZES
from app.engine.panes import Windows
from app.engine.task import Task
from app.engine.windows import newest_of
from app.simulator.reference.model import Reference
from app.simulator.verification.windows import held, modelled


def same(task: Task, model: Reference, windows: Windows) -> bool:
    """Whether committed panes are those of the reference, of which everything is in one partition."""
    newest = newest_of(task.read(windows.clock, windows.clock.key()))
    return held(windows, dict(task.store.scan(b"a", b"z"))) == modelled(model.windows[windows.name], newest)


def assert_same(task: Task, model: Reference, windows: Windows) -> None:
    """Panes and event time must be what the reference says, and there must be some of each size."""
    assert same(task, model, windows)
    reference = model.windows[windows.name]
    assert newest_of(task.read(windows.clock, windows.clock.key())) == reference.newest[0]
    assert {place.span for place in filter(reference.is_kept, reference.panes)} == {size.span for size in SIZES}
