"""The group coordinator of a simulated Kafka: members, generations, joins, session timeouts, KIP-447's checks."""

from collections.abc import Callable
from typing import NamedTuple

from app.engine.assignor import NO_PLAN, Claim, Plan, _seat, reports
from app.engine.placement import place
from app.engine.task import TaskId

NONE = 0
ILLEGAL_GENERATION = 22
UNKNOWN_MEMBER_ID = 25
REBALANCE_IN_PROGRESS = 27

SESSION_S = 6.0
REBALANCE_S = 10.0
#: How long a group waits for more members when the first one joins (group.initial.rebalance.delay.ms, shortened).
FIRST_S = 0.2


class Joined(NamedTuple):
    """The answer to JoinGroup and SyncGroup together."""

    error: int
    generation: int
    member_id: str
    plan: Plan


class Member:
    """A member as the coordinator sees it."""

    def __init__(self, member_id: str) -> None:
        self.id = member_id
        self.seen = 0.0
        self.answer: Callable[[Joined], None] | None = None
        self.claim: Claim | None = None


class Group:
    """One group; `later` calls something after so many seconds."""

    def __init__(
        self, tasks: list[TaskId], *, later: Callable[..., None], now: Callable[[], float], standbys: int
    ) -> None:
        self._tasks = tasks
        self._later = later
        self._now = now
        self._standbys = standbys
        self._round = 0
        self._numbers = 0
        self.generation = 0
        self.state = "empty"
        self.members: dict[str, Member] = {}
        self.refused = 0
        self.expelled = 0

    def join(self, member_id: str, claim: Claim, answer: Callable[[Joined], None]) -> None:
        """JoinGroup with SyncGroup behind it; answered when the generation is complete."""
        if member_id and member_id not in self.members:
            answer(Joined(UNKNOWN_MEMBER_ID, -1, "", NO_PLAN))
            return
        if not member_id:
            self._numbers += 1
            member_id = f"{claim.writer}-{self._numbers}"
            self.members[member_id] = Member(member_id)
        member = self.members[member_id]
        member.seen, member.answer, member.claim = self._now(), answer, claim
        self._prepare()
        self._complete()

    def heartbeat(self, member_id: str, generation: int) -> int:
        """Heartbeat."""
        member = self.members.get(member_id)
        if member is None:
            return UNKNOWN_MEMBER_ID
        member.seen = self._now()
        if generation != self.generation:
            return ILLEGAL_GENERATION
        return REBALANCE_IN_PROGRESS if self.state == "preparing" else NONE

    def leave(self, member_id: str) -> None:
        """LeaveGroup."""
        if self.members.pop(member_id, None) is not None:
            self._prepare()
            self._complete()

    def check(self, generation: int, member_id: str) -> int:
        """Whether a transaction's offsets may be committed; nobody is asked for who claims to be no member at all."""
        if generation < 0 and not member_id:
            return NONE
        if member_id not in self.members:
            self.refused += 1
            return UNKNOWN_MEMBER_ID
        if generation != self.generation:
            self.refused += 1
            return ILLEGAL_GENERATION
        return NONE

    def expire(self) -> None:
        """Expel members that were silent for a session."""
        late = [m for m in self.members.values() if self._now() - m.seen > SESSION_S and m.answer is None]
        for member in late:
            self.expelled += 1
            self.leave(member.id)

    def _prepare(self) -> None:
        if self.state == "preparing":
            return
        first, self.state = self.state == "empty", "preparing"
        self._round += 1
        if first:
            self._later(FIRST_S, self._close, self._round)
        else:
            self._later(REBALANCE_S, self._close, self._round)

    def _complete(self) -> None:
        if self.generation and all(member.answer is not None for member in self.members.values()):
            self._close(self._round)

    def _close(self, number: int) -> None:
        if self.state != "preparing" or number != self._round:
            return
        self.members = {id: member for id, member in self.members.items() if member.answer is not None}
        self.generation += 1
        self.state = "stable" if self.members else "empty"
        members = sorted(self.members)
        if not members:
            return
        claims = {id: self.members[id].claim or Claim("", "", -1, [], []) for id in members}
        found = place(reports(claims), self._tasks, self._standbys)
        seats = [_seat(id, claims[id], found) for id in members]
        for at, id in enumerate(members):
            member = self.members[id]
            answer, member.answer, member.seen = member.answer, None, self._now()
            assert answer is not None
            answer(Joined(NONE, self.generation, id, Plan(seats, at)))
