from typing import Any

import pytest

OPEN = ("/", "/health/live", "/health/ready", "/metrics", "/schemas/ids/1")


@pytest.fixture
async def closed(three: Any) -> Any:
    for worker in three.workers:
        worker.settings.api_tokens = ("first-token", "second-token")
    return three


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "},
        {"Authorization": "Bearer first-toke"}, {"Authorization": "Bearer first-token,second-token"},
        {"Authorization": "Basic first-token"}, {"Authorization": "first-token"},
        {"Authorization": "Bearer t\u00f6ken"},
    ],
)  # fmt: skip
async def test_without_a_token_nothing_under_v1_answers(closed: Any, headers: dict[str, str]) -> None:
    for path in (
        "/v1/bookings/b",
        "/v1/topology",
        "/v1/nowhere",
        "/v1",
        "/%76%31/topology",
        "/v1/low-stock?threshold=x",
    ):
        answer = await closed.get(path, headers=headers)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.problem["title"] == "Unauthorized"


async def test_any_of_the_tokens_opens_every_worker(closed: Any) -> None:
    for token in ("Bearer first-token", "bearer second-token", "BEARER  second-token "):
        for at in range(3):
            answer = await closed.get("/v1/items/i/stock", at, headers={"Authorization": token})
            assert answer.status == 200


async def test_the_rest_stays_open(closed: Any) -> None:
    for path in OPEN:
        assert (await closed.get(path)).status == 200


async def test_a_method_tells_nothing_either(closed: Any) -> None:
    assert (await closed.get("/v1/topology", method="DELETE")).status == 401


async def test_parts_need_the_token_too(closed: Any) -> None:
    assert (await closed.get("/v1/items/i/stock", headers={"Stayshelf-Parts": "0"})).status == 401
