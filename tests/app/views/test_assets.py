import re
from typing import Any

from app.views.assets import ASSETS


async def test_the_page_and_all_its_parts_are_here(one: Any) -> None:
    page = await one.get("/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    named = set(re.findall(rb'(?:href|src)="(/[^"]*)"', page.text))
    for name, found in ASSETS.items():
        if name.endswith(".js"):
            named |= {b"/assets/" + each for each in re.findall(rb'from "\./([\w.]+)"', found.body)}
    assert len(named) > 15
    for link in named:
        assert (await one.get(link.decode())).status == 200, link


async def test_nothing_is_fetched_from_elsewhere_and_no_script_stands_in_the_page(one: Any) -> None:
    page = await one.get("/")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for name, found in ASSETS.items():
        if name.endswith((".html", ".css")):
            assert not re.search(rb"""<script>|\son\w+=|\sstyle=|url\(|@import|(?:href|src)="https?:""", found.body), (
                name
            )


async def test_a_browser_takes_only_what_changed(one: Any) -> None:
    first = await one.get("/assets/main.js")
    assert first.headers["Content-Type"] == "text/javascript; charset=utf-8"
    again = await one.get("/assets/main.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.text) == (304, b"")


async def test_nothing_else_of_the_disk_is_served(one: Any) -> None:
    for name in ("..%2Fassets.py", "%2e%2e%2f__init__.py", "assets.py", "", "page.html%00.js"):
        assert (await one.get(f"/assets/{name}")).status == 404, name


async def test_the_page_needs_no_token_but_shows_nothing(one: Any) -> None:
    one.workers[0].settings.api_tokens = ("t",)
    assert (await one.get("/")).status == 200
    assert (await one.get("/assets/main.js")).status == 200
    for path in ("/v1/live", "/v1/figures", "/v1/history", "/v1/dead-letters"):
        assert (await one.get(path)).status == 401


def test_the_charts_come_with_their_licence() -> None:
    assert b"The MIT License" in ASSETS["uplot-license.txt"].body


def test_scripts_are_read_in_one_go() -> None:
    own = {name: found.body.decode() for name, found in ASSETS.items() if name.endswith(".js") and name != "uplot.js"}
    assert max(len(text.splitlines()) for text in own.values()) <= 250
    assert sum(len(found.body) for found in ASSETS.values()) < 300_000
