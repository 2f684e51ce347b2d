from typing import Any


async def test_live_as_long_as_it_answers(one: Any) -> None:
    one.workers[0].in_touch = False
    assert (await one.get("/health/live")).json == {"status": "live"}


async def test_ready_when_its_own_tables_are_restored(one: Any) -> None:
    answer = await one.get("/health/ready")
    assert answer.json == {"status": "ready", "partitions": 42, "copies": 42}
    # On its way to being active a copy is still called a standby.
    one.workers[0].tasks["inventory", 5].role = "standby"
    one.workers[0].tasks["inventory", 5].ready = False
    answer = await one.get("/health/ready")
    assert (answer.status, answer.problem["detail"]) == (503, "41 of 42 partitions are restored")
    assert "Retry-After" in answer.headers


async def test_a_copy_for_others_under_way_does_not_keep_it_from_being_ready(three: Any) -> None:
    three.assign("inventory", 5, 1, 0)
    three.copy("inventory", 5, worker=0).ready = False
    assert (await three.get("/health/ready")).status == 200


async def test_a_rebalance_alone_makes_no_worker_unready(one: Any) -> None:
    for task in one.workers[0].tasks.held():
        task.role = "standby"
    assert (await one.get("/health/ready")).status == 200


async def test_a_partition_not_opened_yet_is_not_ready(one: Any) -> None:
    del one.workers[0].tasks["bookings", 5]
    assert (await one.get("/health/ready")).status == 503


async def test_not_ready_without_its_group_or_without_partitions(one: Any) -> None:
    one.workers[0].in_touch = False
    assert (await one.get("/health/ready")).status == 503
    one.workers[0].in_touch = True
    one.workers[0].tasks.clear()
    assert (await one.get("/health/ready")).status == 503


async def test_a_worker_that_comes_is_ready_once_what_it_is_to_take_over_is(one: Any) -> None:
    one.workers[0].warmed = False
    assert (await one.get("/health/ready")).status == 503
    one.workers[0].warmed = True
    assert (await one.get("/health/ready")).status == 200
