from typing import Any

import pytest
from pydantic import TypeAdapter

from app.domain.measures import Entry
from app.views import ranking
from app.views.ranking import BookingsRanking, PaymentsRanking, SalesRanking
from tables.windows import booking_windows, payment_windows, sales
from tests.app.engine.opened import movement
from tests.app.views.folded import fold

MINUTE, HOUR = 60_000, 3_600_000
NOON = 20_000 * 24 * HOUR + 12 * HOUR


def sold(store: str, *minutes: int) -> list[Any]:
    return [movement("e", "SALE", location_id=store, occurred_at=NOON + minute * MINUTE) for minute in minutes]


@pytest.fixture
def filled(three: Any) -> Any:
    """Sales of three stores in two hours, each in its own partition; bookings of two regions in two partitions."""
    for partition, (store, minutes) in enumerate({"a": (0, 1), "b": (0, 1, 61), "c": (61,)}.items()):
        fold(three, sales, partition, sold(store, *minutes))
    for partition, regions in enumerate((("north", "north", "south"), ("south", "south"))):
        entries = [Entry(f"EUR{region}", "EUR", NOON, [0, 1, 0, 0, 2, 10]) for region in regions]
        fold(three, booking_windows, partition, entries)
    fold(three, payment_windows, 0, [Entry("EUR", "", NOON, [0, 1, 0, 0, 500, 0])])
    return three


async def ranked(fleet: Any, kind: str, first: int, end: int, more: str = "") -> list[dict[str, Any]]:
    body = (await fleet.get(f"/v1/windows/{kind}/ranking?from={first}&to={end}{more}")).json
    answer = {"sales": SalesRanking, "bookings": BookingsRanking, "payments": PaymentsRanking}[kind]
    TypeAdapter(answer).validate_python(body)
    return body["ranking"]  # type: ignore[no-any-return]


async def test_stores_of_all_workers_by_what_they_sold(filled: Any) -> None:
    found = await ranked(filled, "sales", NOON, NOON + 2 * HOUR)
    assert [(row["key"], row["unitsSold"]) for row in found] == [("b", 3), ("a", 2), ("c", 1)]
    assert await ranked(filled, "sales", NOON, NOON + 2 * HOUR, "&limit=1") == found[:1]


async def test_of_the_span_only(filled: Any) -> None:
    first_hour = await ranked(filled, "sales", NOON, NOON + HOUR)
    assert [(row["key"], row["unitsSold"]) for row in first_hour] == [("a", 2), ("b", 2)]
    one_minute = await ranked(filled, "sales", NOON + 61 * MINUTE, NOON + 62 * MINUTE)
    assert [(row["key"], row["unitsSold"]) for row in one_minute] == [("b", 1), ("c", 1)]
    assert await ranked(filled, "sales", NOON + 5 * HOUR, NOON + 6 * HOUR) == []


async def test_a_region_is_in_every_partition(filled: Any) -> None:
    found = await ranked(filled, "bookings", NOON, NOON + HOUR)
    assert [(row["key"], row["confirmed"], row["nights"], row["amount"]) for row in found] == [
        ("south", 3, 6, {"EUR": 30}), ("north", 2, 4, {"EUR": 20}),
    ]  # fmt: skip


async def test_currencies(filled: Any) -> None:
    found = await ranked(filled, "payments", NOON, NOON + HOUR)
    assert [(row["key"], row["completed"], row["completedMinor"]) for row in found] == [("EUR", 1, 500)]


async def test_too_many_keys_are_refused(one: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "KEYS_MAX", 1)
    for number, store in enumerate("ab"):
        fold(one, sales, 0, sold(store, 61 * number))
        answer = await one.get(f"/v1/windows/sales/ranking?from={NOON}&to={NOON + 2 * HOUR}")
        assert answer.status == (400 if number else 200)
    assert answer.problem["parameter"] == "to"


@pytest.mark.parametrize("query", ["from=2&to=1", "from=1", "from=0&to=1&limit=101", "from=0&to=1&key=x"])
async def test_what_is_no_span_is_refused(one: Any, query: str) -> None:
    assert (await one.get(f"/v1/windows/sales/ranking?{query}")).problem["status"] == 400
