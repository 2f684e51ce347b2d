"""The progress bar of every command that takes longer than a second."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

SHOW_EVERY = 0.1  # seconds


class Advance(Protocol):
    """Tells the bar how far the work is."""

    def __call__(self, done: float, *, said: str = "") -> None:
        """`done` of the total are done; `said` is shown behind the bar."""


@contextmanager
def bar(title: str, total: float, *, counted: bool = True) -> Iterator[Advance]:
    """A bar on stderr from 0 to `total`, with `counted` as "done/total" too; its result may be called at any rate."""
    count = [MofNCompleteColumn()] if counted else []
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), *count, TimeRemainingColumn())
    progress = Progress(*columns, TextColumn("{task.fields[said]}"), console=Console(stderr=True))
    with progress:
        task = progress.add_task(title, total=total, said="")
        shown = progress.get_time()

        def advance(done: float, *, said: str = "") -> None:
            nonlocal shown
            now = progress.get_time()
            if now - shown >= SHOW_EVERY or done >= total:
                shown = now
                progress.update(task, completed=done, said=said)

        yield advance
