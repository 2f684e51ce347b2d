"""Who owns which task, and who follows it: decided by the group's leader from what every member says it holds.

Sticky and balanced, and warm first (KIP-441): a task moves only to a member whose copy is nearly complete; until then
its owner goes on and the member follows. An owner that is gone is replaced by whoever's copy is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.engine.task import TaskId

#: A copy this many changelog records behind is brought up to date fast enough for its partition to wait for it.
LAG_MAX = 5_000


class Copy(NamedTuple):
    """A copy as its holder knows it: next changelog offset, and whether it was once complete and has followed since."""

    offset: int
    ready: bool


class Report(NamedTuple):
    """What a member owned when it last knew, and all copies it has."""

    owned: frozenset[TaskId]
    copies: Mapping[TaskId, Copy]


class Place(NamedTuple):
    """Members by id: the owner of a task, its standbys, and which of those are to hold it but are not ready yet."""

    owner: str
    standbys: tuple[str, ...]
    warming: frozenset[str]


def place(reports: Mapping[str, Report], tasks: Sequence[TaskId], standbys: int) -> dict[TaskId, Place]:
    """A place for each task, with as many standbys as there are other members at most. No task is owned twice."""
    return _Placement(reports, tasks, min(standbys, len(reports) - 1)).made()


class _Placement:
    """One decision: first where everything should be in the end, then what can be so at once."""

    def __init__(self, reports: Mapping[str, Report], tasks: Sequence[TaskId], standbys: int) -> None:
        self._reports = reports
        self._members = sorted(reports)
        self._tasks = sorted(tasks)
        self._standbys = standbys
        self._owner = {task: member for member in self._members for task in reports[member].owned}
        self._end = {
            task: max((report.copies[task].offset for report in reports.values() if task in report.copies), default=0)
            for task in self._tasks
        }
        self._load: Counter[str] = Counter()

    def made(self) -> dict[TaskId, Place]:
        """The decision."""
        heirs = self._heirs()
        kept = self._followers(heirs)
        self._load = Counter()
        return {task: self._place(task, heirs[task], kept[task]) for task in self._tasks}

    def _able(self, member: str, task: TaskId) -> bool:
        """Whether a member can own a task at once."""
        copy = self._reports[member].copies.get(task)
        is_near = copy is not None and copy.ready and self._end[task] - copy.offset <= LAG_MAX
        return is_near or self._owner.get(task) == member

    def _rank(self, member: str, task: TaskId) -> tuple[bool, int]:
        """The lower, the sooner could a member own a task; all that could at once are equal."""
        if self._able(member, task):
            return False, 0
        copy = self._reports[member].copies.get(task)
        return True, -(copy.offset if copy is not None else 0)

    def _heirs(self) -> dict[TaskId, str]:
        """Who should own each task: equal shares of each group, moving as little as that takes."""
        found: dict[TaskId, str] = {}
        for group in sorted({task.group for task in self._tasks}):
            tasks = [task for task in self._tasks if task.group == group]
            room = self._shares(tasks)
            owners = Counter(self._owner.get(task) for task in tasks)
            takers = [member for member in self._members if owners[member] < room[member]]
            for member in self._members:
                owned = [task for task in tasks if self._owner.get(task) == member]
                # What others could take over soonest is given away first.
                owned.sort(key=lambda task: min((self._rank(each, task) for each in takers), default=(True, 0)))
                for task in owned[max(len(owned) - room[member], 0) :]:
                    found[task] = member
                    room[member] -= 1
            left = [task for task in tasks if task not in found]
            while left:
                pairs = ((*self._rank(each, task), -room[each], task, each) for task in left for each in room)
                *_, task, member = min(pair for pair in pairs if room[pair[-1]] > 0)
                found[task] = member
                room[member] -= 1
                left.remove(task)
        return found

    def _shares(self, tasks: list[TaskId]) -> dict[str, int]:
        """How many of a group's tasks each member is to own; they add up."""
        owned = Counter(self._owner[task] for task in tasks if task in self._owner)
        each, more = divmod(len(tasks), len(self._members))
        order = sorted(self._members, key=lambda member: (-owned[member], self._load[member], member))
        shares = {member: each + (at < more) for at, member in enumerate(order)}
        self._load.update(shares)
        return shares

    def _followers(self, heirs: Mapping[TaskId, str]) -> dict[TaskId, list[str]]:
        """Who should follow each task: equal shares again, and of one owner's tasks of a group by different members.

        So those who take over from a worker that leaves have equal shares at once, and need not move anything again.
        """
        share = -(-len(self._tasks) * self._standbys // len(self._members))
        owned = Counter((task.group, heirs[task]) for task in self._tasks)
        load: Counter[str] = Counter()
        pairs: Counter[tuple[str, str, str]] = Counter()
        found: dict[TaskId, list[str]] = {}
        for task in self._tasks:
            group, owner, chosen = task.group, heirs[task], []
            most = -(-owned[group, owner] * self._standbys // max(len(self._members) - 1, 1))
            others = [member for member in self._members if member != owner]
            for _ in range(self._standbys):
                best = min(
                    (member for member in others if member not in chosen),
                    key=lambda each: (
                        load[each] >= share,
                        pairs[group, owner, each] >= most,
                        *self._rank(each, task),
                        pairs[group, owner, each],
                        load[each],
                    ),
                )
                chosen.append(best)
                load[best] += 1
                pairs[group, owner, best] += 1
            found[task] = chosen
        return found

    def _place(self, task: TaskId, heir: str, followers: list[str]) -> Place:
        """What can be at once: a copy that is not ready follows beside those that are."""
        owner = self._owner.get(task, heir)
        able = [member for member in self._members if self._able(member, task)]
        if heir in able:
            owner = heir
        elif task not in self._owner and able:
            owner = min(able, key=lambda member: (self._load[member], self._rank(member, task)))
        self._load[owner] += 1
        wanted = [member for member in dict.fromkeys([heir, *followers]) if member != owner]
        warming = frozenset(member for member in wanted if member not in able)
        spare = sorted(
            (member for member in able if member != owner and member not in wanted),
            key=lambda member: self._rank(member, task),
        )
        missing = max(self._standbys - (len(wanted) - len(warming)), 0)
        return Place(owner, (*wanted, *spare[:missing]), warming)
