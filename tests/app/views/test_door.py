import logging
from io import BytesIO
from typing import Any

import pytest

from app.views import door


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/v1/topology", "/v1/bookings/b", "/", "/metrics", "/health/live"])
async def test_only_reading_is_allowed(one: Any, method: str, path: str) -> None:
    answer = await one.get(path, method=method)
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert answer.problem["title"] == "Method Not Allowed"


@pytest.mark.parametrize("path", ["/v1/bookings/b", "/v1/stores/s/stock", "/", "/metrics", "/schemas/ids/1"])
async def test_head_is_get_without_the_body(one: Any, path: str) -> None:
    got, head = await one.get(path), await one.get(path, method="HEAD")
    assert (head.status, head.text) == (got.status, b"")
    assert head.headers["Content-Type"] == got.headers["Content-Type"]


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere", "/v1", "/v1/", "/v1/stores", "/v1/stores//stock", "/v1/stores/s/stock/", "/v1/stores/s/stock/a/b",
        "//v1/topology", "/v1/topology/", "/stats", "/graph/", "/table/", "/router/", "/assignment/",
        "/%2e%2e/etc/passwd",
    ],
)  # fmt: skip
async def test_unknown_paths_are_problems(one: Any, path: str) -> None:
    answer = await one.get(path)
    assert answer.status == 404
    assert answer.problem["title"] == "Not Found"


async def test_a_body_is_refused(one: Any) -> None:
    answer = await one.get("/v1/topology", data=b"x")
    assert answer.status == 400
    assert answer.problem["parameter"] == "body"


async def test_a_large_body_is_not_read(one: Any) -> None:
    answer = await one.get("/v1/topology", method="POST", data=BytesIO(b"x" * 5_000_000))
    assert answer.status == 405


async def test_a_failure_says_nothing_of_the_inside(one: Any, caplog: pytest.LogCaptureFixture) -> None:
    def read(_table: Any, _key: bytes) -> None:
        raise RuntimeError("customer-17 is in here")

    for task in one.workers[0].tasks.held():
        task.read = read
    answer = await one.get("/v1/bookings/booking-17")
    assert answer.status == 500
    assert answer.problem["detail"] == "this worker failed to answer"
    assert "RuntimeError at read:" in caplog.text
    assert "-17" not in caplog.text


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /v1/stores/customer-17\xff/stock HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/stores/customer-17" + b"x" * 40_000 + b"/stock HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"customer-17" * 4_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 300 + b"\r\n",
        b"customer-17 hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_a_problem_and_not_logged(
    one: Any, request_bytes: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await one.raw(request_bytes)
    assert b" 400 " in answer.split(b"\r\n")[0]
    assert b"application/problem+json" in answer
    assert b"customer-17" not in answer
    assert "customer-17" not in caplog.text
    assert (await one.get("/health/live")).status == 200


async def test_connections_over_the_limit_are_closed(one: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "CONNECTIONS_MAX", 0)
    with pytest.raises(ConnectionResetError):
        await one.raw(b"GET /health/live HTTP/1.0\r\n\r\n")
    monkeypatch.setattr(door, "CONNECTIONS_MAX", 10)
    assert b" 200 " in await one.raw(b"GET /health/live HTTP/1.0\r\n\r\n")


async def test_pipelined_requests_are_answered_in_order(one: Any) -> None:
    found = await one.raw(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nGET /x HTTP/1.0\r\nHost: x\r\n\r\n")
    assert found.index(b" 200 ") < found.index(b" 404 ")


async def test_expectations_need_no_answer(one: Any) -> None:
    for expected in ("100-continue", "miracles"):
        assert (await one.get("/health/live", headers={"Expect": expected})).status == 200


async def test_answers_of_the_api_are_counted_by_class(one: Any) -> None:
    await one.get("/v1/low-stock?threshold=3")
    await one.get("/v1/low-stock?threshold=x")
    await one.get("/health/live")
    value = one.workers[0].observer.registry.get_sample_value
    assert value("stayshelf_http_requests_total", {"status": "2xx"}) == 1
    assert value("stayshelf_http_requests_total", {"status": "4xx"}) == 1
