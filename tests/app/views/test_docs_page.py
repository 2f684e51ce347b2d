import re
from typing import Any


async def test_every_path_and_every_answer_stands_there(one: Any) -> None:
    page = await one.get("/docs")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    told = (await one.get("/openapi.json")).json
    text = page.text.decode()
    for path in told["paths"]:
        assert f"GET {path}</code>" in text
    for name in told["components"]["schemas"]:
        assert f"id='{name}'" in text
    links = set(re.findall(r"href='#(\w+)'", text))
    assert links <= set(told["components"]["schemas"])


async def test_it_asks_for_a_token_where_one_is_needed(one: Any) -> None:
    assert b"token-form" not in (await one.get("/docs")).text
    one.workers[0].settings.api_tokens = ("t",)
    assert b"token-form" in (await one.get("/docs")).text
