from types import SimpleNamespace
from typing import Any

from pydantic import TypeAdapter

from app.views.topology import Topology


async def test_it_shows_what_there_is_and_who_holds_what(three: Any) -> None:
    worker = three.workers[1]
    worker.agents = {"take_payments": SimpleNamespace(get_topic_names=lambda: ["payment-events"], help="Payments.")}
    worker.tables = {"payments": SimpleNamespace(group="payments", help="Each payment.")}
    three.assign("payments", 4, 1, 2)
    body = (await three.get("/v1/topology", at=1)).json
    TypeAdapter(Topology).validate_python(body, strict=True)
    assert body["agents"] == [{"name": "take_payments", "topics": ["payment-events"], "help": "Payments."}]
    assert body["tables"][0]["changelog"] == "stayshelf-payments-changelog"
    assert {topic["name"] for topic in body["topics"]} >= {"booking-events", "payment-events-dlt", "payment-completed"}
    assert len(body["partitions"]) == 42
    assert {
        "group": "payments",
        "partition": 4,
        "active": worker.own_url,
        "standbys": [three.workers[2].own_url],
    } in body["partitions"]
    copy = next(copy for copy in body["worker"]["copies"] if copy["group"] == "payments")
    assert copy == {
        "group": "payments", "partition": 1, "role": "active", "ready": True,
        "lag": {"payment-events": 0, "payment-events-retry-1": 0, "payment-events-retry-2": 0},
    }  # fmt: skip


async def test_partitions_that_stand_still_are_named_with_the_reason(one: Any) -> None:
    assert (await one.get("/v1/topology")).json["worker"]["stopped"] == []
    one.workers[0].stopped = {("payment-events", 4, "refused"), ("booking-events", 10, "registry")}
    assert (await one.get("/v1/topology")).json["worker"]["stopped"] == [
        {"topic": "booking-events", "partition": 10, "reason": "registry"},
        {"topic": "payment-events", "partition": 4, "reason": "refused"},
    ]


async def test_a_partition_nobody_is_known_to_hold_is_shown_so(one: Any) -> None:
    one.owners.clear()
    body = (await one.get("/v1/topology")).json
    assert {(entry["active"], *entry["standbys"]) for entry in body["partitions"]} == {(None,)}
