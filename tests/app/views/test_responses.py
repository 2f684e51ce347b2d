import orjson

from app.views.responses import Problem, answer, as_json, as_problem, bad, unavailable


def test_every_answer_forbids_guessing_and_storing() -> None:
    for response in (as_json({}), answer(b"", "text/plain"), as_problem(Problem(500, "x"))):
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Server"] == "stayshelf"
        assert "Access-Control-Allow-Origin" not in response.headers


def test_a_problem_is_rfc_9457() -> None:
    response = as_problem(bad("limit", "is not a number"))
    assert (response.status, response.content_type) == (400, "application/problem+json")
    assert isinstance(response.body, bytes)
    assert orjson.loads(response.body) == {
        "type": "about:blank", "title": "Bad Request", "status": 400, "detail": "limit is not a number",
        "parameter": "limit",
    }  # fmt: skip


def test_unavailable_says_when_to_come_back() -> None:
    assert as_problem(unavailable("not yet")).headers["Retry-After"] == "1"
