"""Runs Faust's command line with one place in the engine where the process dies or stops.

`python -m tests.chaos.points`; STAYSHELF_TEST_POINT names the place, _HITS which passing of it counts, _ACT the
signal the process sends itself, _FILE where it first writes that it got there. The engine knows nothing of this: its
functions are wrapped from outside, and one that is not there any more ends the start.
"""

import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

from faust.cli.faust import cli

from app.engine import kip447, restore
from app.engine.committer import Committer
from app.engine.intake import Intake
from app.engine.kip447 import TransactionalProducer
from app.engine.task import Task

PREFIX = "STAYSHELF_TEST_POINT"


class Point:
    """Counts how often its place is passed, and acts once."""

    def __init__(self, name: str, hits: int, act: signal.Signals, evidence: Path) -> None:
        self.name = name
        self._left = hits
        self._act = act
        self._evidence = evidence

    def is_due(self) -> bool:
        """Whether this passing is the one; each call is one."""
        self._left -= 1
        return self._left == 0

    def act(self) -> None:
        """Say so, and send the signal."""
        self._evidence.write_text(f"{self.name} {os.getpid()}\n")
        os.kill(os.getpid(), self._act)

    def hit(self) -> None:
        """Pass the place."""
        if self.is_due():
            self.act()

    async def step(self, _self: Any) -> None:
        """Pass the place, in a coroutine."""
        self.hit()


Step = Callable[[Any], Awaitable[None]]


def _after(owner: Any, name: str, point: Point) -> None:
    whole: Callable[..., Any] = getattr(owner, name)

    @wraps(whole)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = whole(*args, **kwargs)
        point.hit()
        return result

    setattr(owner, name, wrapped)


async def _nothing(_self: Any) -> None:
    pass


def _around_async(owner: Any, name: str, *, before: Step = _nothing, after: Step = _nothing) -> None:
    whole: Callable[..., Awaitable[Any]] = getattr(owner, name)

    @wraps(whole)
    async def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        await before(self)
        result = await whole(self, *args, **kwargs)
        await after(self)
        return result

    setattr(owner, name, wrapped)


def _after_decode(point: Point) -> None:
    whole = Intake.read

    def read(self: Intake, *args: Any, **kwargs: Any) -> Iterator[Any]:
        for each in whole(self, *args, **kwargs):
            point.hit()
            yield each

    Intake.read = read  # type: ignore[method-assign]


def _after_produce(point: Point) -> None:
    async def flushed(producer: TransactionalProducer) -> None:
        # What was sent must stand in Kafka, or the point would be the same as the one before.
        if point.is_due():
            await producer.flush()
            point.act()

    _around_async(TransactionalProducer, "send_offsets_to_transaction", before=flushed)


def _after_offsets(point: Point) -> None:
    _around_async(TransactionalProducer, "send_offsets_to_transaction", after=point.step)


def _before_end_txn(point: Point) -> None:
    _around_async(kip447._EndTxnHandler, "do", before=point.step)


def _after_end_txn(point: Point) -> None:
    _around_async(kip447._EndTxnHandler, "do", after=point.step)


def _after_rocksdb_write(point: Point) -> None:
    _after(Task, "write_committed", point)


def _while_restoring(point: Point) -> None:
    _after(Task, "apply", point)


def _while_leaving(point: Point) -> None:
    _around_async(Committer, "drain", before=point.step)


def _after_joining(point: Point) -> None:
    _around_async(restore.Restore, "on_rebalance", after=point.step)


POINTS: dict[str, Callable[[Point], None]] = {
    "after-decode": _after_decode,
    "after-produce": _after_produce,
    "after-offsets": _after_offsets,
    "before-end-txn": _before_end_txn,
    "after-end-txn": _after_end_txn,
    "after-rocksdb-write": _after_rocksdb_write,
    "while-restoring": _while_restoring,
    "while-leaving": _while_leaving,
    "after-joining": _after_joining,
}


def main() -> None:
    """Wrap the place that is named, then be `faust`."""
    name = os.environ[PREFIX]
    act = signal.Signals[os.environ[f"{PREFIX}_ACT"]]
    POINTS[name](Point(name, int(os.environ[f"{PREFIX}_HITS"]), act, Path(os.environ[f"{PREFIX}_FILE"])))
    cli()


if __name__ == "__main__":
    main()
