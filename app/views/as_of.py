"""asOf: how far behind its sources an answer is, for each partition of a source topic used.

What counts as used. A stock answer uses the store's partition of inventory-events. An answer that shows nights sold
uses the hotel's partition of inventory-events and every partition of booking-events: a booking is keyed by its
customer, so any of the twelve may hold one for that hotel, and its rooms come over the internal topic of reservations.
That topic is no source and is not listed; its records still waiting for this copy are counted into every booking-events
entry, since each of them may come from there: a lag may be overstated, but 0 everywhere means that nothing is missing.
The entry's role is that of the copy that answered (standby where any was), because no copy of the bookings was read.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from app.engine.group import BOOKINGS, GROUP_BY_NAME, INTERNAL_SOURCES
from app.views.fields import Role
from app.views.worker import Task, Worker

if TYPE_CHECKING:
    from app.views.parts import Part, Question


class AsOf(TypedDict):
    """One entry: lag in records."""

    topic: str
    partition: int
    role: Role
    lag: int


def lags(worker: Worker, task: Task) -> dict[str, int]:
    """Records the task's committed state is behind the end of each of its sources, internal ones too."""
    return {
        topic: behind(worker, topic, task.partition, task.positions.get(topic, 0))
        for topic in GROUP_BY_NAME[task.group].sources
    }


def next_offset(worker: Worker, task: Task) -> int:
    """The first offset of the group's first source that the task's state does not hold."""
    topic = GROUP_BY_NAME[task.group].sources[0]
    return max(task.positions.get(topic, 0), worker.start_offsets.get((topic, task.partition), 0))


def behind(worker: Worker, topic: str, partition: int, position: int) -> int:
    """Records from a position to the end of the log; what retention deleted is no longer waited for."""
    place = topic, partition
    return max(worker.end_offsets.get(place, 0) - max(position, worker.start_offsets.get(place, 0)), 0)


def entries(worker: Worker, question: "Question", parts: "Sequence[Part]") -> list[AsOf]:
    """The asOf of an answer made of these parts."""
    topic = question.group.sources[0]
    found = [AsOf(topic=topic, partition=part.partition, role=part.role, lag=part.lags[topic]) for part in parts]
    if question.counts_sold:
        waiting = sum(lag for part in parts for source, lag in part.lags.items() if source in INTERNAL_SOURCES)
        role = next((part.role for part in parts if part.role != "active"), "active")
        found += [_of_bookings(worker, partition, role, waiting) for partition in range(BOOKINGS.partitions)]
    return found


def _of_bookings(worker: Worker, partition: int, role: str, waiting: int) -> AsOf:
    topic = BOOKINGS.sources[0]
    lag = behind(worker, topic, partition, worker.group_offsets.get((topic, partition), 0))
    return AsOf(topic=topic, partition=partition, role=role, lag=lag + waiting)
