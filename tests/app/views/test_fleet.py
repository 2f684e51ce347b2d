import asyncio
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.domain.payments import Payment
from app.views import fleet as fleet_module
from app.views import peers

ROW = Payment("b1", "COMPLETED", 12_050, "EUR", "card", 1_000)
PATH = "/v1/payments/p1"


@pytest.fixture
async def place(three: Any) -> int:
    """The partition of p1: owned by worker 1, a standby at worker 2, nothing at worker 0."""
    found: int = three.place("payments", "p1")
    three.put_payment("p1", ROW)
    three.assign("payments", found, 1, 2)
    return found


def role(answer: Any) -> str:
    assert answer.status == 200, answer.text
    assert answer.json["status"] == "COMPLETED"
    return str(answer.json["asOf"][0]["role"])


async def test_every_worker_gives_the_same_answer(three: Any, place: int) -> None:
    answers = [(await three.get(PATH, at)).text for at in range(3)]
    assert len(set(answers)) == 1
    assert b'"active"' in answers[0]


async def test_a_standby_answers_while_the_owner_restores(three: Any, place: int) -> None:
    three.copy("payments", place, worker=1).ready = False
    assert [role(await three.get(PATH, at)) for at in range(3)] == ["standby"] * 3


async def test_a_standby_answers_while_the_owner_is_dead(three: Any, place: int) -> None:
    await three.workers[1].stop()
    assert [role(await three.get(PATH, at)) for at in (0, 2)] == ["standby"] * 2


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a worker that stands still: the kernel takes its connections, nobody answers."""
    with socket.socket() as stopped:
        stopped.bind(("127.0.0.1", 0))
        stopped.listen()
        yield f"http://127.0.0.1:{stopped.getsockname()[1]}"


async def test_a_silent_owner_costs_its_deadline_once(three: Any, place: int, silent: str) -> None:
    three.owners["payments", place] = type(three.owners["payments", place])(silent, (three.workers[2].own_url,))
    began = time.monotonic()
    assert role(await three.get(PATH)) == "standby"
    assert time.monotonic() - began < peers.DEADLINE_SECONDS + 1
    began = time.monotonic()
    assert role(await three.get(PATH)) == "standby"
    assert time.monotonic() - began < peers.DEADLINE_SECONDS / 2


async def test_a_stale_map_does_not_matter(three: Any, place: int) -> None:
    stale = three.owners["payments", place]
    three.assign("payments", place, 2)
    three.owners["payments", place] = stale._replace(standbys=())
    assert role(await three.get(PATH)) == "active"
    del three.owners["payments", place]
    assert role(await three.get(PATH)) == "active"


async def test_a_partition_that_moves_is_waited_for(three: Any, place: int) -> None:
    task = three.workers[1].tasks.pop(("payments", place))
    three.workers[2].tasks.pop(("payments", place))
    asked = asyncio.ensure_future(three.get(PATH))
    await three.get("/health/live")
    assert not asked.done()
    three.workers[0].tasks["payments", place] = task
    assert role(await asked) == "active"


async def test_nobody_holds_it(three: Any, place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_module, "PATIENCE_SECONDS", 0.0)
    three.assign("payments", place, None)
    answer = await three.get(PATH)
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.problem["partitions"] == [place]


async def test_503_names_the_workers_and_what_kept_them(three: Any, place: int) -> None:
    three.assign("payments", place, 1)
    three.copy("payments", place).ready = False
    began = time.monotonic()
    answer = await three.get(PATH)
    assert time.monotonic() - began < fleet_module.PATIENCE_SECONDS
    assert answer.status == 503
    assert f"{three.workers[1].own_url} restores it" in answer.problem["detail"]
    await three.workers[1].stop()
    answer = await three.get(PATH)
    assert f"{three.workers[1].own_url} did not answer" in answer.problem["detail"]


async def test_an_owner_out_of_touch_leaves_it_to_others(three: Any, place: int) -> None:
    three.workers[1].in_touch = False
    three.put_payment("p1", ROW)
    assert [role(await three.get(PATH, at)) for at in range(3)] == ["standby"] * 3


async def test_an_owner_out_of_touch_and_alone_no_longer_calls_itself_active(three: Any, place: int) -> None:
    three.assign("payments", place, 1)
    three.workers[1].in_touch = False
    assert role(await three.get(PATH, at=1)) == "standby"
    assert (await three.get(PATH, at=0)).status == 503


async def test_an_owner_out_of_touch_finds_the_new_owner(three: Any, place: int) -> None:
    old = three.workers[1].tasks["payments", place]
    three.assign("payments", place, 2)
    three.workers[1].tasks["payments", place] = old
    three.owners["payments", place] = three.owners["payments", place]._replace(active=three.workers[1].own_url)
    three.workers[1].in_touch = False
    assert role(await three.get(PATH, at=1)) == "active"


async def test_a_copy_lost_while_it_is_read_gives_no_answer(three: Any, place: int) -> None:
    owner, successor = three.workers[1], three.workers[2]
    task = owner.tasks["payments", place]

    def read(_table: Any, _key: bytes) -> Payment:
        del owner.tasks["payments", place]
        successor.tasks["payments", place].role = "active"
        return ROW._replace(status="AUTHORIZED")

    task.read = read
    assert role(await three.get(PATH, at=0)) == "active"


async def test_a_question_about_everything_asks_all_workers_at_once(three: Any) -> None:
    answer = await three.get("/v1/items/i/stock")
    assert answer.status == 200
    assert [entry["role"] for entry in answer.json["asOf"]] == ["active"] * 24


async def test_part_of_the_fleet_on_standbys_is_said_per_partition(three: Any) -> None:
    for partition in range(24):
        three.assign("inventory", partition, partition % 3, (partition + 1) % 3)
    await three.workers[2].stop()
    answer = await three.get("/v1/items/i/stock")
    assert [entry["role"] for entry in answer.json["asOf"]] == ["active", "active", "standby"] * 8


async def test_the_patience_of_a_question_ends(three: Any, place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_module, "PATIENCE_IN_ALL_SECONDS", 0.05)
    three.assign("payments", place, None)
    assert (await three.get(PATH)).status == 503
