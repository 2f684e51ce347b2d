from typing import Any

import pytest

from app.views.parameters import day_text

LONG = "x" * 129

BAD = [
    ("/v1/stores/s/stock?limit=0", "limit"),
    ("/v1/stores/s/stock?limit=1001", "limit"),
    ("/v1/stores/s/stock?limit=", "limit"),
    ("/v1/stores/s/stock?limit=1.0", "limit"),
    ("/v1/stores/s/stock?limit=1e2", "limit"),
    ("/v1/stores/s/stock?limit=+5", "limit"),
    ("/v1/stores/s/stock?limit=%D9%A5", "limit"),
    ("/v1/stores/s/stock?limit=" + "9" * 4_000, "limit"),
    ("/v1/stores/s/stock?limit=5&limit=5", "limit"),
    ("/v1/stores/s/stock?after=", "after"),
    (f"/v1/stores/s/stock?after={LONG}", "after"),
    ("/v1/stores/s/stock?Limit=5", "Limit"),
    ("/v1/stores/s/stock?nope", "nope"),
    ("/v1/stores/s/stock?=5", ""),
    (f"/v1/stores/{LONG}/stock", "id"),
    ("/v1/stores/" + "x" * 9_000 + "/stock", "id"),
    (f"/v1/stores/s/stock/{LONG}", "itemId"),
    ("/v1/stores/s/stock/i?limit=5", "limit"),
    (f"/v1/items/{LONG}/stock", "itemId"),
    ("/v1/items/i/stock?x=1", "x"),
    ("/v1/low-stock?threshold=1&threshold=1", "threshold"),
    ("/v1/low-stock?threshold=1&after=x", "after"),
    ("/v1/hotels/h/availability", "from"),
    ("/v1/hotels/h/availability?from=2026-05-01", "to"),
    ("/v1/hotels/h/availability?from=2026-05-01&to=2026-05-01", "from"),
    ("/v1/hotels/h/availability?from=2026-05-02&to=2026-05-01", "from"),
    ("/v1/hotels/h/availability?from=2026-05-01&to=2028-05-02", "to"),
    ("/v1/hotels/h/availability?from=20260501&to=2026-05-02", "from"),
    ("/v1/hotels/h/availability?from=2026-W18-1&to=2026-05-02", "from"),
    ("/v1/hotels/h/availability?from=2026-5-1&to=2026-05-02", "from"),
    ("/v1/hotels/h/availability?from=2026-02-30&to=2026-05-02", "from"),
    ("/v1/hotels/h/availability?from=0000-01-01&to=2026-05-02", "from"),
    ("/v1/hotels/h/availability?from=2026-05-01&to=1777593600000", "to"),
    ("/v1/hotels/h/availability?from=2026-05-01&to=2026-05-02&roomType=", "roomType"),
    (f"/v1/hotels/h/availability?from=2026-05-01&to=2026-05-02&roomType={LONG}", "roomType"),
    ("/v1/hotels/h/availability?from=2026-05-01&to=2026-05-02&limit=5", "limit"),
    ("/v1/overbooked?from=2026-05-01&to=2026-05-02&roomType=A", "roomType"),
    ("/v1/overbooked?from=2026-05-01", "to"),
    (f"/v1/bookings/{LONG}", "bookingId"),
    ("/v1/bookings/b?a=b", "a"),
    (f"/v1/payments/{LONG}", "paymentId"),
    ("/v1/payments/p?a=b", "a"),
    ("/v1/topology?a=b", "a"),
    ("/v1/stores/s/stock?limit=%ff", "query"),
    ("/v1/stores/%ff/stock", "path"),
    ("/v1/stores/%ed%a0%80/stock", "path"),
    ("/v1/overbooked?" + "&".join(["a"] * 40), "query"),
]


@pytest.mark.parametrize(("path", "parameter"), BAD)
async def test_a_bad_parameter_is_named(one: Any, path: str, parameter: str) -> None:
    answer = await one.get(path)
    assert answer.status == 400
    assert answer.problem["parameter"] == parameter
    assert parameter in answer.problem["detail"]


async def test_a_value_is_never_repeated(one: Any) -> None:
    answer = await one.get("/v1/stores/s/stock?limit=hunter2")
    assert b"hunter2" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/v1/stores/" + "x" * 128 + "/stock",
        "/v1/stores/" + "%F0%9F%9B%8F" * 128 + "/stock",
        "/v1/stores/s/stock?limit=1",
        "/v1/stores/s/stock?limit=1000&after=" + "%C3%A4" * 128,
        "/v1/stores/s/stock?",
        "/v1/stores/s/stock?&&limit=5&",
        "/v1/hotels/h/availability?to=2028-05-01&from=2026-05-01",
        "/v1/low-stock?threshold=-999999999999",
    ],
)
async def test_the_last_that_is_allowed_is_allowed(one: Any, path: str) -> None:
    assert (await one.get(path)).status == 200


def test_days_are_dates() -> None:
    assert [day_text(day) for day in (0, 20_574, 47_847)] == ["1970-01-01", "2026-05-01", "2101-01-01"]
