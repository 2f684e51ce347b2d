import socket

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
