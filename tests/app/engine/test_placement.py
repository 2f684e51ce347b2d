from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.group import GROUPS
from app.engine.placement import LAG_MAX, Copy, Place, Report, place
from app.engine.task import TaskId

TASKS = [TaskId(group.name, number) for group in GROUPS for number in range(group.partitions)]
NEW = Report(frozenset(), {})
Reports = dict[str, Report]
Places = dict[TaskId, Place]


def warm(found: Places, member: str) -> Report:
    """A member that has done what it was told: every copy is complete."""
    owned = frozenset(task for task, at in found.items() if at.owner == member)
    return Report(owned, {task: Copy(100, True) for task, at in found.items() if member in (at.owner, *at.standbys)})


def settled(reports: Reports, standbys: int = 1) -> Reports:
    """The members once nothing is left to be warmed up: that takes few assignments."""
    for _ in range(4):
        found = place(reports, TASKS, standbys)
        reports = {member: warm(found, member) for member in reports}
        if not any(at.warming for at in found.values()):
            return reports
    raise AssertionError("there is always something left to be warmed up")


def fleet(*members: str) -> Reports:
    return settled(dict.fromkeys(members, NEW))


def owners(found: Places) -> Counter[str]:
    return Counter(at.owner for at in found.values())


def test_alone_one_owns_everything() -> None:
    found = place({"a": NEW}, TASKS, 1)
    assert (owners(found), {at.standbys for at in found.values()}) == ({"a": 42}, {()})


def test_shares_are_equal_in_each_group_and_every_task_is_followed_elsewhere() -> None:
    found = place(fleet("a", "b", "c"), TASKS, 1)
    for group in GROUPS:
        shares = owners({task: at for task, at in found.items() if task.group == group.name})
        assert set(shares.values()) == {group.partitions // 3}
    assert all(len(at.standbys) == 1 and at.owner not in at.standbys for at in found.values())
    assert max(Counter(at.standbys for at in found.values()).values()) <= 16


def test_who_joins_follows_first_and_owners_go_on() -> None:
    before = fleet("a", "b")
    found = place(before | {"c": NEW}, TASKS, 1)
    assert all(task in before[at.owner].owned for task, at in found.items())
    assert sum("c" in at.warming for at in found.values()) >= 14
    after = place({member: warm(found, member) for member in "abc"}, TASKS, 1)
    assert owners(after) == {"a": 14, "b": 14, "c": 14}


def test_a_copy_far_behind_is_not_warm() -> None:
    owned = frozenset(TASKS)
    ahead = Report(owned, dict.fromkeys(TASKS, Copy(LAG_MAX + 10, True)))
    near = Report(frozenset(), dict.fromkeys(TASKS, Copy(10, True)))
    far = Report(frozenset(), dict.fromkeys(TASKS, Copy(9, True)))
    assert owners(place({"a": ahead, "b": near}, TASKS, 1)) == {"a": 21, "b": 21}
    assert owners(place({"a": ahead, "b": far}, TASKS, 1)) == {"a": 42}


def test_who_left_is_replaced_by_those_that_followed() -> None:
    before = fleet("a", "b", "c")
    left = before.pop("c")
    found = place(before, TASKS, 1)
    for task in left.owned:
        assert before[found[task].owner].copies[task].ready
    assert all(found[task].owner == member for member, report in before.items() for task in report.owned)


@given(st.lists(st.sampled_from("abc"), max_size=5), st.sampled_from("abc"))
def test_who_leaves_is_replaced_once_and_nothing_moves_again(before: list[str], leaver: str) -> None:
    reports = fleet("a", "b", "c")
    for member in before:
        rest = settled({each: reports[each] for each in reports if each != member})
        reports = settled({**rest, member: Report(frozenset(), reports[member].copies)})
    del reports[leaver]
    found = place(reports, TASKS, 1)
    after = place({member: warm(found, member) for member in reports}, TASKS, 1)
    assert all(after[task].owner == at.owner for task, at in found.items())
    assert set(owners(found).values()) == {21}


def test_who_comes_back_is_given_what_it_has_on_disk() -> None:
    before = fleet("a", "b", "c")
    old = before.pop("c")
    found = place(settled(before) | {"c": Report(frozenset(), {task: Copy(1, False) for task in old.owned})}, TASKS, 1)
    wanted = {task for task, at in found.items() if "c" in at.warming}
    assert len(wanted & old.owned) >= 10


def test_without_any_copy_somebody_restores() -> None:
    before = fleet("a", "b", "c")
    lost = {member: report._replace(copies={}) for member, report in before.items() if member != "c"}
    assert owners(place(lost, TASKS, 1)).total() == 42


@st.composite
def histories(draw: st.DrawFn) -> Reports:
    """Members in any state: who owns what, and copies of any age."""
    members = draw(st.lists(st.sampled_from("abcdefg"), min_size=1, unique=True))
    owner = {task: draw(st.sampled_from([*members, None])) for task in TASKS[::3]}
    copy = st.builds(Copy, st.integers(0, 2 * LAG_MAX), st.booleans())
    return {
        member: Report(
            frozenset(task for task, by in owner.items() if by == member),
            draw(st.dictionaries(st.sampled_from(TASKS), copy, max_size=12)),
        )
        for member in members
    }


@settings(deadline=None, max_examples=60)
@given(histories(), st.integers(0, 3))
def test_whatever_they_hold_each_task_has_one_owner_and_it_settles(reports: Reports, standbys: int) -> None:
    found = place(reports, TASKS, standbys)
    assert sorted(found) == sorted(TASKS)
    wanted = min(standbys, len(reports) - 1)
    for task, at in found.items():
        assert at.owner in reports
        assert at.owner not in at.standbys
        assert len(set(at.standbys)) == len(at.standbys) >= wanted
        assert at.warming <= set(at.standbys)
        owned_by = [member for member, report in reports.items() if task in report.owned]
        copy = reports[at.owner].copies.get(task)
        # A task leaves a living owner for a complete copy only.
        assert not owned_by or at.owner in owned_by or (copy is not None and copy.ready)
    there = settled({member: warm(found, member) for member in reports}, standbys)
    again = place(there, TASKS, standbys)
    assert {member: warm(again, member) for member in there} == there
    assert max(owners(again).values()) - min(owners(again)[member] for member in there) <= len(GROUPS)
