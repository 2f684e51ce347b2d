"""Questions and their parts: what one copy of one partition contributes to an answer, whoever holds it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

from app.engine.group import Group
from app.engine.ranking import IndexNotReady
from app.engine.store_failure import StoreFailed
from app.views import as_of
from app.views.responses import Problem, bad
from app.views.worker import Task, Worker

ACTIVE, STANDBY = "active", "standby"
#: Why a worker has no part to give.
NOT_HELD, RESTORING, INDEXING, LOST = "does not hold it", "restores it", "builds its indexes", "lost it meanwhile"
#: Rows read in one step, and how long steps go on before other work gets its turn on the event loop.
STEP_ROWS = 256
TURN_SECONDS = 0.005
#: Rows one copy may contribute. Far above any real answer; without it one answer could take all memory.
PART_ROWS_MAX = 200_000


class Part(NamedTuple):
    """One copy's contribution. lags: records behind by source topic; next_offset: of the group's first source.

    rows is a JSON value. sure is False where the worker lost touch with its group: such a copy may be behind unawares.
    """

    partition: int
    role: str
    lags: dict[str, int]
    next_offset: int
    rows: Any
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask of which partitions, and how their parts become the answer.

    read gives one copy's rows as a JSON value; merge gets the parts by partition, and may raise a 404 Problem.
    combine makes one JSON value of what read gave for several copies of a worker, so that less travels.
    by_index says that it scans an index, counts_sold that it shows nights sold, which come from booking-events.
    """

    group: Group
    partitions: Sequence[int]
    read: Callable[[Task], Awaitable[Any]]
    merge: Callable[[list[Part]], dict[str, Any]]
    combine: Callable[[list[Any]], Any] | None = None
    by_index: bool = False
    counts_sold: bool = False


async def parts_here(worker: Worker, question: Question, partitions: Sequence[int]) -> dict[int, Part | str]:
    """This worker's part of each partition, or why it has none."""
    found, turns = {}, Turns()
    for partition in partitions:
        found[partition] = await _part_here(worker, question, partition)
        await turns.give_way()
    if question.combine is not None:
        _combine(found, question.combine)
    return found


def _combine(found: dict[int, Part | str], combine: Callable[[list[Any]], Any]) -> None:
    """Put all rows into the first part: of those that are sure, for whoever asked takes them all or none."""
    parts = [part for part in found.values() if isinstance(part, Part)]
    together = [part.rows for part in parts if part.sure]
    for part in parts:
        rows, together = ([part.rows], together) if not part.sure else (together, [])
        found[part.partition] = part._replace(rows=combine(rows))


async def _part_here(worker: Worker, question: Question, partition: int) -> Part | str:
    task: Task | None = worker.tasks.get(question.group.name, partition)
    if task is None:
        return NOT_HELD
    if not task.ready:
        return RESTORING
    if question.by_index and not task.store.indexed:
        return INDEXING
    store = task.store
    # Positions before rows: a commit in between makes the rows newer than said, never older.
    lags, next_offset = as_of.lags(worker, task), as_of.next_offset(worker, task)
    try:
        rows = await question.read(task)
    except Problem:
        raise
    except IndexNotReady:
        return INDEXING
    except Exception as error:
        if worker.tasks.get(question.group.name, partition) is not task or task.store is not store:
            return LOST
        if isinstance(error, StoreFailed):
            return RESTORING  # as it will in a moment
        raise
    # After the rows: an owner that is in touch now, with no assignment under way, was the only one when they were read.
    if worker.tasks.get(question.group.name, partition) is not task or not task.ready or task.store is not store:
        return LOST
    sure = task.role != ACTIVE or worker.in_touch
    role = ACTIVE if task.role == ACTIVE and sure and not worker.moving else STANDBY
    return Part(partition, role, lags, next_offset, rows, sure)


def first_keys(limit: int) -> Callable[[list[Any]], list[str]]:
    """What combines keys of an index as hex: the first of all, in the index's order, which is the hex digits' too."""
    return lambda rows: sorted(chain.from_iterable(rows))[:limit]


class Turns:
    """Lets other work run once ours had the event loop for long enough; a short read never has to wait for it."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    async def give_way(self) -> None:
        """Suspend for one turn of the event loop if ours took long."""
        if time.monotonic() - self._since > TURN_SECONDS:
            await asyncio.sleep(0)
            self._since = time.monotonic()


async def scanned(
    task: Task, table: Any, start: bytes, stop: bytes, *, asked_by: str
) -> AsyncIterator[list[tuple[bytes, Any]]]:
    """All rows from start up to, without, stop, a few hundred at a time, letting other work run in between.

    Raises a 400 Problem where there are too many, naming the parameter that asks for them.
    """
    left, turns = PART_ROWS_MAX, Turns()
    while chunk := task.scan(table, start, stop, STEP_ROWS):
        yield chunk
        left -= len(chunk)
        if left < 0:
            raise bad(asked_by, f"asks for over {PART_ROWS_MAX} rows of one partition")
        if len(chunk) < STEP_ROWS:
            return
        start = chunk[-1][0] + b"\0"
        await turns.give_way()
