from typing import Any

import pytest

from app.domain.payments import Payment

PATH = "/v1/payments/p1"


@pytest.fixture
async def standby(three: Any) -> Any:
    """The only copy of p1's partition that answers is a standby at worker 2."""
    place = three.place("payments", "p1")
    three.assign("payments", place, 1, 2)
    three.copy("payments", place, worker=1).ready = False
    three.copy("payments", place, worker=2).positions = {"payment-events": 10}
    for worker in three.workers:
        worker.end_offsets["payment-events", place] = 10
    return three


async def test_a_standby_that_holds_all_may_say_that_there_is_nothing(standby: Any) -> None:
    for at in range(3):
        answer = await standby.get(PATH, at)
        assert answer.status == 404
        assert answer.problem["asOf"][0]["role"] == "standby"


async def test_a_standby_that_lags_does_not_say_404(standby: Any) -> None:
    place = standby.place("payments", "p1")
    for worker in standby.workers:
        # The known end is a second old: what counts is what the broker says now.
        worker.true_ends["payment-events", place] = 11
    for at in range(3):
        answer = await standby.get(PATH, at)
        assert answer.status == 503
        assert "Retry-After" in answer.headers


async def test_a_standby_that_lags_still_shows_what_it_has(standby: Any) -> None:
    place = standby.place("payments", "p1")
    for worker in standby.workers:
        worker.end_offsets["payment-events", place] = 14
    standby.put_payment("p1", Payment("b1", "COMPLETED", 1, "EUR", "card", 1))
    as_of = (await standby.get(PATH)).json["asOf"]
    assert as_of == [{"topic": "payment-events", "partition": place, "role": "standby", "lag": 4}]


async def test_where_the_broker_cannot_be_asked_it_is_not_404(standby: Any) -> None:
    async def out_of_reach(_topic: str, _partition: int) -> int:
        raise ConnectionError

    standby.workers[0].latest_end = out_of_reach
    assert (await standby.get(PATH)).status == 503


async def test_what_retention_deleted_is_not_waited_for(standby: Any) -> None:
    place = standby.place("payments", "p1")
    standby.copy("payments", place, worker=2).positions = {}
    for worker in standby.workers:
        worker.start_offsets["payment-events", place] = 10
    assert (await standby.get(PATH)).status == 404


async def test_an_owner_that_lags_answers_404(one: Any) -> None:
    place = one.place("payments", "p1")
    one.workers[0].end_offsets["payment-events", place] = 5
    answer = await one.get(PATH)
    assert answer.status == 404
    assert answer.problem["asOf"][0]["lag"] == 5


async def test_one_lagging_standby_among_owners_is_enough_for_503(three: Any) -> None:
    three.assign("bookings", 4, None, 2)
    for worker in three.workers:
        worker.end_offsets["booking-events", 4] = 1
    assert (await three.get("/v1/bookings/b")).status == 503


@pytest.mark.parametrize("wanted", ["", "24", "-1", "0,x", "0,,1", "00"])
async def test_a_peer_may_only_ask_for_partitions_of_the_question(one: Any, wanted: str) -> None:
    answer = await one.get("/v1/items/i/stock", headers={"Stayshelf-Parts": wanted})
    assert answer.status == 400
    assert answer.problem["parameter"] == "Stayshelf-Parts"


async def test_a_peers_question_is_never_sent_on(three: Any) -> None:
    answer = await three.get("/v1/items/i/stock", headers={"Stayshelf-Parts": "0,1,2"})
    assert [part[0] for part in answer.json["parts"]] == [0]
    assert answer.json["missing"] == {"1": "does not hold it", "2": "does not hold it"}
