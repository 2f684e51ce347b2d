from typing import Any


async def test_live_as_long_as_it_answers(one: Any) -> None:
    one.workers[0].in_touch = False
    assert (await one.get("/health/live")).json == {"status": "live"}


async def test_ready_when_its_own_tables_are_restored(one: Any) -> None:
    answer = await one.get("/health/ready")
    assert answer.json == {"status": "ready", "partitions": 42, "standbys": 0}
    one.workers[0].tasks["inventory", 5].ready = False
    answer = await one.get("/health/ready")
    assert (answer.status, answer.problem["detail"]) == (503, "41 of 42 partitions are restored")
    assert "Retry-After" in answer.headers


async def test_a_standby_under_way_does_not_keep_it_from_being_ready(one: Any) -> None:
    task = one.workers[0].tasks["inventory", 5]
    task.role, task.ready = "standby", False
    assert (await one.get("/health/ready")).status == 200


async def test_not_ready_without_its_group_or_without_partitions(one: Any) -> None:
    one.workers[0].in_touch = False
    assert (await one.get("/health/ready")).status == 503
    one.workers[0].in_touch = True
    one.workers[0].tasks.clear()
    assert (await one.get("/health/ready")).status == 503
