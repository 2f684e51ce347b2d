from types import SimpleNamespace
from typing import Any

from app.engine.assignor import NO_PLAN, Claim, Owners, PartitionAssignor, Plan, Seat, reports
from app.engine.group import GROUP_OF_SOURCE
from app.engine.placement import Copy
from app.engine.task import TaskId

ONE, TWO, PAID = TaskId("inventory", 0), TaskId("inventory", 1), TaskId("payments", 0)


def assignor(url: str = "http://a/", **copies: Copy) -> PartitionAssignor:
    held = {TaskId("inventory", int(name[1:])): copy for name, copy in copies.items()}
    tasks = SimpleNamespace(writer=f"w-{url}", copies=lambda: held)
    sensors = SimpleNamespace(
        on_assignment_start=lambda _: None, on_assignment_completed=lambda *_: None, on_assignment_error=print
    )
    return PartitionAssignor(
        SimpleNamespace(
            tables=SimpleNamespace(), own_url=url, engine=SimpleNamespace(tasks=tasks), sensors=sensors, tracer=None,
            settings=SimpleNamespace(standbys=1),
        )
    )  # fmt: skip


def joined(**members: PartitionAssignor) -> dict[str, Any]:
    """What the leader gives each member; each takes it."""
    topics = set(GROUP_OF_SOURCE)
    given = members["a"].assign(None, {name: member.metadata(topics) for name, member in members.items()})
    for name, member in members.items():
        member.on_assignment(given[name])
        member.generation += 1
    return given


def test_nobody_owns_anything_before_the_first_assignment() -> None:
    assert assignor().owners() == {}
    assert NO_PLAN.mine == Seat()


def test_owners_are_told_from_everybody_s_seats() -> None:
    one = assignor()
    one.plan = Plan(
        [
            Seat("http://a", "", frozenset({ONE}), frozenset({TWO})),
            Seat("http://b", "", frozenset({TWO}), frozenset({ONE, PAID})),
        ],
        0,
    )
    assert one.owners() == {
        ONE: Owners("http://a", ("http://b",)),
        TWO: Owners("http://b", ("http://a",)),
        PAID: Owners(None, ("http://b",)),
    }
    one.plan = NO_PLAN
    assert one.owners() == {}


def test_all_are_told_the_same_and_only_sources_are_assigned() -> None:
    a, b = assignor(), assignor("http://b")
    given = joined(a=a, b=b)
    assert (a.plan.seats, a.plan.own, b.plan.own) == (b.plan.seats, 0, 1)
    assert {seat.url for seat in a.plan.seats} == {"http://a", "http://b"}
    for name, member in (("a", a), ("b", b)):
        assigned = {(topic, partition) for topic, partitions in given[name].assignment for partition in partitions}
        expected = {
            (topic, id.partition)
            for id in member.plan.mine.active
            for topic, group in GROUP_OF_SOURCE.items()
            if group.name == id.group
        }
        assert assigned == expected
    assert len(a.plan.mine.active) + len(b.plan.mine.active) == 42


def test_what_was_assigned_stays_while_nobody_else_is_warm() -> None:
    a = assignor()
    joined(a=a)
    b = assignor("http://b")
    joined(a=a, b=b)
    assert (len(a.plan.mine.active), len(b.plan.mine.active), len(b.plan.mine.warming)) == (42, 0, 42)


def test_of_two_that_claim_a_task_the_later_owner_has_it() -> None:
    stale = Claim("http://a", "w", 3, [ONE, TWO], [(ONE, Copy(7, True))])
    fresh = Claim("http://b", "w", 4, [TWO], [])
    new = Claim("http://c", "w", -1, [PAID], [])
    found = reports({"z": stale, "b": fresh, "c": new})
    assert {member: report.owned for member, report in found.items()} == {"z": {ONE}, "b": {TWO}, "c": set()}
    assert found["z"].copies == {ONE: Copy(7, True)}


def test_members_of_another_program_are_not_understood() -> None:
    assert assignor().name == "stayshelf"
