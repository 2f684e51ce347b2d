from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from app.views.parts import Part
from app.views.peers import Peers, as_parts

PART = Part(3, "active", {"payment-events": 1}, 9, {"a": 1})


async def serve(handler: Any) -> tuple[web.AppRunner, str]:
    app = web.Application()
    app.router.add_get("/{tail:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


def request(**headers: str) -> Any:
    return SimpleNamespace(headers=CIMultiDict(headers), rel_url=URL("/v1/stores/a%2Fb/stock?limit=5", encoded=True))


async def ask(handler: Any, **headers: str) -> tuple[Any, bool]:
    runner, url = await serve(handler)
    peers = Peers()
    try:
        return await peers.ask(url, request(**headers), [3, 4]), peers.avoided(url)
    finally:
        await peers.close()
        await peers.close()
        await runner.cleanup()


async def test_the_clients_own_request_is_what_is_asked() -> None:
    seen: list[Any] = []

    async def handler(got: web.Request) -> web.Response:
        seen.append((got.raw_path, got.headers["Stayshelf-Parts"], got.headers.get("Authorization")))
        return as_parts({3: PART, 4: "restores it"})

    answers, avoided = await ask(handler, Authorization="Bearer t")
    assert seen == [("/v1/stores/a%2Fb/stock?limit=5", "3,4", "Bearer t")]
    assert answers == {3: PART, 4: "restores it"}
    assert not avoided


async def test_a_part_that_may_be_stale_unawares_is_not_given() -> None:
    async def handler(_request: web.Request) -> web.Response:
        return as_parts({3: PART._replace(sure=False), 4: PART._replace(partition=4)})

    answers, _ = await ask(handler)
    assert answers == {3: "lost touch with its group", 4: PART._replace(partition=4)}


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"parts": 1}', '{"parts": [[1]], "missing": {}}', "<html>", "\0"])
async def test_nonsense_is_no_answer(body: str) -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(text=body)

    answers, avoided = await ask(handler)
    assert answers == {3: "did not answer", 4: "did not answer"}
    assert avoided


async def test_a_refusal_is_said_and_a_redirect_not_followed() -> None:
    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=401)

    async def redirect(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/elsewhere")

    assert (await ask(refuse))[0] == {3: "answered with status 401", 4: "answered with status 401"}
    assert (await ask(redirect))[0][3] == "answered with status 302"


async def test_who_kept_silent_is_avoided_for_a_while() -> None:
    now = [100.0]
    peers = Peers(lambda: now[0])
    url = "http://127.0.0.1:1"
    assert (await peers.ask(url, request(), [3]))[3] == "did not answer"
    assert peers.avoided(url)
    now[0] += 10
    assert not peers.avoided(url)
    await peers.close()
