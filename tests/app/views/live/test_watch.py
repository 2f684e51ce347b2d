import asyncio
from contextlib import aclosing
from typing import Any

from pydantic import TypeAdapter

from app.views.live import watch
from app.views.live.fleet_figures import FleetHistory, FleetNow
from app.views.live.watch import WATCH
from tests.app.views.live.sse import events


async def first_fleet(found: Any) -> Any:
    async for name, data in found:
        if name == "fleet":
            return data
    raise AssertionError("the stream ended")


async def test_the_last_hour_then_the_fleet(three: Any) -> None:
    three.workers[2].observer.consumed("booking-events", 6)
    async with aclosing(events(three)) as found:
        name, hour = await anext(found)
        assert name == "history"
        TypeAdapter(FleetHistory).validate_python(hour, strict=True)
        name, fleet = await anext(found)
        assert name == "fleet"
        TypeAdapter(FleetNow).validate_python(fleet, strict=True)
    assert fleet["totals"]["consumed"] == 6
    assert {worker["state"] for worker in fleet["workers"]} == {"up"}
    held = [partition["active"] for partition in fleet["partitions"]["inventory"]]
    urls = [worker["url"] for worker in fleet["workers"]]
    assert [urls[place] for place in held] == [three.workers[n % 3].own_url for n in range(24)]


async def test_a_worker_that_stops_is_silent_then_gone(three: Any) -> None:
    async with aclosing(events(three)) as found:
        await first_fleet(found)
        stopped = three.workers[2].own_url
        await three.workers[2].stop()
        states: list[str] = []
        while states[-1:] != ["silent"]:
            fleet = await first_fleet(found)
            states.append(next(worker["state"] for worker in fleet["workers"] if worker["url"] == stopped))
        for place, owners in three.owners.items():
            if owners.active == stopped:
                three.owners[place] = owners._replace(active=three.workers[0].own_url)
        while states[-1:] != ["gone"]:
            fleet = await first_fleet(found)
            states.append(next(worker["state"] for worker in fleet["workers"] if worker["url"] == stopped))


async def test_one_look_serves_all_who_watch_and_none_is_taken_for_nobody(three: Any) -> None:
    asked = 0
    watched = three.workers[0].web[WATCH]
    look = watched._look

    async def counted(authorization: str | None) -> Any:
        nonlocal asked
        asked += 1
        return await look(authorization)

    watched._look = counted
    async with aclosing(events(three)) as one, aclosing(events(three)) as two:
        seen = [await first_fleet(one), await first_fleet(two)]
        assert seen[0] == seen[1]
        assert asked == 1
    looking = watched._looking
    if looking is not None:
        await asyncio.wait_for(looking, 10)
    assert watched._looking is None


async def test_a_look_that_fails_lets_watchers_go(one: Any) -> None:
    async def failed(_authorization: str | None) -> Any:
        raise RuntimeError

    watched = one.workers[0].web[WATCH]
    watched._look = failed
    found = [name async for name, _ in events(one)]
    assert found == ["history"]
    task = watched._looking
    assert task is None


async def test_so_many_watchers_and_no_more(one: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(watch, "WATCHERS_MAX", 1)
    async with aclosing(events(one)) as found:
        await first_fleet(found)
        assert (await one.get("/v1/live")).problem["status"] == 503
