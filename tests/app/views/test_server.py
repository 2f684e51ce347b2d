import re
import socket
from random import Random
from typing import Any
from urllib.parse import quote

from aiohttp import ClientSession

from app.application import app
from app.views.server import ROUTES, Web


async def test_faust_serves_our_routes_and_none_of_its_own() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app.conf.web_bind, app.conf.web_port = "127.0.0.1", port
    web = Web(app)
    await web.start()
    try:
        async with ClientSession(f"http://127.0.0.1:{port}") as client:
            assert (await client.get("/health/live")).status == 200
            for path in ("/stats", "/graph/", "/table/", "/router/", "/assignment/"):
                assert (await client.get(path)).status == 404
    finally:
        await web.stop()
    known = {route.resource.canonical for route in web.web_app.router.routes() if route.resource is not None}
    assert known == {path.replace(":[^/]+", "") for path, _ in ROUTES}


async def test_nothing_a_client_asks_is_a_failure(one: Any) -> None:
    random = Random(17)
    values = ("", "1", "-1", "5&", "%", "%00", "%2F", "%C3%A4", "%ff", "1e9", "2026-05-01", "9999-12-31", "x" * 200)
    names = ("limit", "after", "from", "to", "threshold", "roomType", "subject", "", "%00", "[]")
    seen: set[int] = set()
    paths = [path for path, _ in ROUTES if path != "/v1/live"]  # a stream has no end to wait for
    for _ in range(1_500):
        path = re.sub(r"\{[^}]*\}", lambda _: quote(random.choice(values), safe="%"), random.choice(paths))
        query = "&".join(f"{random.choice(names)}={random.choice(values)}" for _ in range(random.randrange(4)))
        answer = await one.get(f"{path}?{query}", method=random.choice(("GET", "GET", "HEAD")))
        assert answer.status in (200, 400, 404), (path, query)
        seen.add(answer.status)
    assert seen == {200, 400, 404}
