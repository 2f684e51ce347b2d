from typing import Any

import pytest
from pydantic import TypeAdapter

from app.delivery.dead_letters import Letter
from app.engine.letter_box import LetterId
from app.engine.recent_letters import Seen
from app.views.dead_letters import LettersAnswer


def seen(topic: str, reason: str, offset: int, error: str = "currency") -> Seen:
    letter = Letter(reason, error, topic, 1, offset, attempts=1, timestamp=1_000 - offset, truncated=False)
    return Seen(LetterId(f"{topic}-dlt", 1, offset), letter)


SOME = [
    seen("payment-events", "invalid-value", 1),
    seen("payment-events", "key-mismatch", 2),
    seen("booking-events", "invalid-value", 3, error="x" * 1_000),
]


@pytest.fixture
def letters(one: Any) -> Any:
    one.workers[0].letters = SOME
    return one


async def test_where_they_came_from_and_why(letters: Any) -> None:
    body = (await letters.get("/v1/dead-letters")).json
    TypeAdapter(LettersAnswer).validate_python(body, strict=True)
    assert body["letters"][0] == {
        "id": "payment-events-dlt:1:1", "topic": "payment-events", "partition": 1, "offset": 1, "timestamp": 999,
        "reason": "invalid-value", "error": "currency", "attempts": 1,
    }  # fmt: skip
    assert len(body["letters"][2]["error"]) == 300


@pytest.mark.parametrize(
    ("query", "offsets"),
    [
        ("reason=invalid-value", [1, 3]),
        ("topic=payment-events", [1, 2]),
        ("topic=booking-events&reason=key-mismatch", []),
        ("limit=1", [1]),
    ],
)
async def test_filters(letters: Any, query: str, offsets: list[int]) -> None:
    body = (await letters.get(f"/v1/dead-letters?{query}")).json
    assert [letter["offset"] for letter in body["letters"]] == offsets


@pytest.mark.parametrize("query", ["topic=x", "reason=", "limit=0", "page=1"])
async def test_what_is_no_filter_is_refused(letters: Any, query: str) -> None:
    answer = await letters.get(f"/v1/dead-letters?{query}")
    assert answer.problem["parameter"] == query.split("=", maxsplit=1)[0]


async def test_without_the_broker_it_says_so(one: Any) -> None:
    one.workers[0].letters = None
    answer = await one.get("/v1/dead-letters")
    assert answer.problem["status"] == 503
    assert "Retry-After" in answer.headers
