from types import SimpleNamespace

from app.engine.assignor import Owners, PartitionAssignor
from app.engine.task import TaskId

STOCK = "stayshelf-inventory-changelog"
PAID = "stayshelf-payments-changelog"


def assignor() -> PartitionAssignor:
    return PartitionAssignor(
        SimpleNamespace(tables=SimpleNamespace(changelog_topics={STOCK, PAID}), own_url="http://a")
    )


def test_nobody_owns_anything_before_the_first_assignment() -> None:
    assert assignor().owners() == {}


def test_owners_are_told_from_actives_and_standbys() -> None:
    one = assignor()
    one.changelog_distribution = {"http://a/": {STOCK: [0, 1]}, "http://b": {STOCK: [2], PAID: [0]}}
    one.external_topic_distribution = {
        "http://a/": {f"@standby:{STOCK}": [2], "inventory-events": [0, 1]},
        "http://b": {f"@standby:{STOCK}": [0, 3], "inventory-events": [2]},
    }
    assert one.owners() == {
        TaskId("inventory", 0): Owners("http://a", ("http://b",)),
        TaskId("inventory", 1): Owners("http://a", ()),
        TaskId("inventory", 2): Owners("http://b", ("http://a",)),
        TaskId("inventory", 3): Owners(None, ("http://b",)),
        TaskId("payments", 0): Owners("http://b", ()),
    }


def test_standbys_travel_beside_other_topics() -> None:
    one = assignor()
    one._member_urls = {"client": "http://a"}
    assignment = SimpleNamespace(
        actives={"inventory-events": [0], STOCK: [0]}, standbys={STOCK: [5], "inventory-events": [5]}
    )
    found = one._get_external_topic_distribution({"client": assignment})
    assert found == {"http://a": {"inventory-events": [0], f"@standby:{STOCK}": [5]}}


def test_a_worker_is_known_by_the_url_others_reach_it_by() -> None:
    assert assignor()._url == "http://a"
