"""The group's assignor: members say what they hold, its leader places the tasks, and everybody is told all of it.

Faust's assignor stays the interface; what is decided is app.engine.placement's. A task's topics always go together, and
changelogs are not assigned at all: app.engine.restore reads them outside the group.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata
from faust.assignor.partition_assignor import PartitionAssignor as FaustAssignor

from app.engine.group import GROUP_OF_SOURCE, GROUPS
from app.engine.placement import Copy, Place, Report, place
from app.engine.task import TaskId


class Owners(NamedTuple):
    """Base URLs of the workers that hold copies of a partition."""

    active: str | None
    standbys: tuple[str, ...]


class Claim(msgspec.Struct, array_like=True, frozen=True):
    """What a member says when it joins; owned is as of the generation."""

    url: str
    writer: str
    generation: int
    owned: list[TaskId]
    copies: list[tuple[TaskId, Copy]]


class Seat(msgspec.Struct, array_like=True, frozen=True):
    """What a member is to hold; warming is a part of its standbys: the group waits for them to be ready."""

    url: str = ""
    writer: str = ""
    active: frozenset[TaskId] = frozenset()
    standby: frozenset[TaskId] = frozenset()
    warming: frozenset[TaskId] = frozenset()


class Plan(msgspec.Struct, array_like=True, frozen=True):
    """Every member's seat, and which of them is one's own."""

    seats: list[Seat]
    own: int

    @property
    def mine(self) -> Seat:
        """One's own seat."""
        return self.seats[self.own]

    def owners(self) -> dict[TaskId, Owners]:
        """Who holds what."""
        active = {task: seat.url for seat in self.seats for task in seat.active}
        standbys: dict[TaskId, list[str]] = defaultdict(list)
        for seat in self.seats:
            for task in seat.standby:
                standbys[task].append(seat.url)
        return {id: Owners(active.get(id), tuple(standbys[id])) for id in active.keys() | standbys.keys()}


NO_PLAN = Plan([Seat()], 0)
_TASKS = [TaskId(group.name, number) for group in GROUPS for number in range(group.partitions)]


class PartitionAssignor(FaustAssignor):  # type: ignore[misc]
    """Sticky, co-partitioned, with standbys that are warmed up before they own anything."""

    #: As of the last assignment; only ever replaced whole, by the consumer's thread.
    plan = NO_PLAN
    generation = -1
    _owners: tuple[Plan, dict[TaskId, Owners]] | None = None

    @property
    def name(self) -> str:
        """The protocol all members of the group must speak."""
        return "stayshelf"

    def metadata(self, topics: set[str]) -> ConsumerProtocolMemberMetadata:
        """What this member says when it joins."""
        tasks = self.app.engine.tasks
        url = str(self.app.own_url).rstrip("/")
        claim = Claim(url, tasks.writer, self.generation, sorted(self.plan.mine.active), sorted(tasks.copies().items()))
        return ConsumerProtocolMemberMetadata(self.version, list(topics), msgspec.msgpack.encode(claim))

    def _perform_assignment(self, cluster: Any, member_metadata: Mapping[str, Any]) -> dict[str, Any]:
        """By member its source partitions, and the plan."""
        claims = {
            member: msgspec.msgpack.decode(said.user_data, type=Claim) for member, said in member_metadata.items()
        }
        found = place(reports(claims), _TASKS, self.app.settings.standbys)
        members = sorted(claims)
        seats = [_seat(member, claims[member], found) for member in members]
        return {
            member: ConsumerProtocolMemberAssignment(
                self.version, _sources(seats[at], member_metadata[member]), msgspec.msgpack.encode(Plan(seats, at))
            )
            for at, member in enumerate(members)
        }

    def on_assignment(self, assignment: ConsumerProtocolMemberAssignment) -> None:
        """Take the plan; the generation is known to the caller."""
        self.plan = msgspec.msgpack.decode(assignment.user_data, type=Plan)

    def owners(self) -> dict[TaskId, Owners]:
        """Who holds what, as of this worker's last assignment."""
        plan = self.plan
        if self._owners is None or self._owners[0] is not plan:
            self._owners = plan, plan.owners()
        return self._owners[1]


def reports(claims: Mapping[str, Claim]) -> dict[str, Report]:
    """What members hold; of two that claim a task, the one with the later generation owned it last."""
    latest: dict[TaskId, str] = {}
    for member in sorted(claims, key=lambda each: claims[each].generation):
        if claims[member].generation >= 0:
            latest.update(dict.fromkeys(claims[member].owned, member))
    return {
        member: Report(frozenset(task for task in claim.owned if latest.get(task) == member), dict(claim.copies))
        for member, claim in claims.items()
    }


def _seat(member: str, claim: Claim, found: Mapping[TaskId, Place]) -> Seat:
    return Seat(
        claim.url,
        claim.writer,
        frozenset(task for task, at in found.items() if at.owner == member),
        frozenset(task for task, at in found.items() if member in at.standbys),
        frozenset(task for task, at in found.items() if member in at.warming),
    )


def _sources(seat: Seat, said: Any) -> list[tuple[str, list[int]]]:
    topics: dict[str, list[int]] = defaultdict(list)
    for topic in sorted(GROUP_OF_SOURCE.keys() & set(said.subscription)):
        topics[topic] += sorted(task.partition for task in seat.active if task.group == GROUP_OF_SOURCE[topic].name)
    return [(topic, partitions) for topic, partitions in topics.items() if partitions]
