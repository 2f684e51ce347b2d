import re
from typing import Any


async def test_every_link_of_the_page_answers_and_nothing_is_fetched_from_elsewhere(one: Any) -> None:
    answer = await one.get("/")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    links = re.findall(rb'(?:href|src)="([^"]*)"', answer.text)
    assert links
    for link in links:
        assert (await one.get(link.decode())).status == 200
