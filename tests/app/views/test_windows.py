"""Windows over three workers, drawn: one character is a minute."""

from decimal import Decimal
from typing import Any

import pytest

from app.domain.measures import Entry
from app.engine.group import BOOKINGS, PAYMENTS
from app.views.spans import Spans
from app.views.windows import composed
from tables.windows import booking_windows, payment_windows, sales
from tests.app.engine.opened import movement
from tests.app.views.folded import fold

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NOON = 20_000 * DAY + 12 * HOUR


def sold(fleet: Any, store: str, drawn: str, at: int = NOON) -> None:
    """Sales of a store, minute by minute: a digit is how many units, a dot none."""
    events = [
        movement("e", "SALE", int(n), location_id=store, occurred_at=at + minute * MINUTE)
        for minute, n in enumerate(drawn)
        if n != "."
    ]
    fold(fleet, sales, fleet.place("inventory", store), events)


async def ask(fleet: Any, kind: str, query: str, *, first: int = NOON, end: int = NOON + HOUR) -> list[dict[str, Any]]:
    answer = await fleet.get(f"/v1/windows/{kind}?from={first}&to={end}&{query}", at=1)
    assert answer.status == 200, answer.text
    return answer.json["windows"]


def units(windows: list[dict[str, Any]]) -> dict[int, int]:
    """Units sold by the minute a window starts."""
    return {(window["start"] - NOON) // MINUTE: window["unitsSold"] for window in windows}


async def test_windows_of_one_store_and_of_all(three: Any) -> None:
    #                 0  3  6
    sold(three, "a", "12.4..1")
    sold(three, "b", ".3....5")
    assert units(await ask(three, "sales", "storeId=a&size=3m")) == {0: 3, 3: 4, 6: 1}
    assert units(await ask(three, "sales", "size=3m")) == {0: 6, 3: 4, 6: 6}
    assert units(await ask(three, "sales", "size=3m&step=2m")) == {0: 6, 2: 4, 4: 6, 6: 6}
    assert units(await ask(three, "sales", "size=1h")) == {0: 16}
    assert units(await ask(three, "sales", "storeId=b&size=1d&step=1h", first=NOON - DAY)) == {
        -60 * hour: 8 for hour in range(24)
    }
    assert units(await ask(three, "sales", "storeId=nobody&size=3m")) == {}


async def test_each_partition_used_is_named(three: Any) -> None:
    for kind, key, one in (("sales", "storeId", 1), ("bookings", "region", 12), ("payments", "currency", 6)):
        every = {"sales": 24, "bookings": 12, "payments": 6}[kind]
        for query, count in ((f"&{key}=EUR", one), ("", every)):
            answer = await three.get(f"/v1/windows/{kind}?from=0&to=1&size=1m{query}")
            assert answer.json["windows"] == []
            assert len(answer.json["asOf"]) == count


async def test_a_window_has_its_end_and_every_measure(three: Any) -> None:
    events = [
        movement("e", kind, 2, occurred_at=NOON, location_id="a") for kind in ("SALE", "RETURN", "RECEIPT", "COUNT")
    ]
    fold(three, sales, three.place("inventory", "a"), events)
    assert await ask(three, "sales", "size=5m") == [
        {"start": NOON, "end": NOON + 5 * MINUTE, "unitsSold": 2, "unitsReturned": 2, "movements": 3}
    ]


async def test_what_has_expired_is_not_answered(three: Any) -> None:
    sold(three, "a", "1")
    sold(three, "a", "2", NOON + DAY + MINUTE)
    assert units(await ask(three, "sales", "storeId=a&size=1m")) == {0: 1}
    sold(three, "a", "2", NOON + DAY + 2 * MINUTE)
    for key in ("", "storeId=a&"):
        assert units(await ask(three, "sales", f"{key}size=1m")) == {}
        assert units(await ask(three, "sales", f"{key}size=1h")) == {0: 1}
    sold(three, "a", "4", NOON + 35 * DAY + 2 * HOUR)
    assert units(await ask(three, "sales", "size=1h", end=NOON + 2 * DAY)) == {24 * 60: 4}


async def test_a_region_is_gathered_from_all_partitions(three: Any) -> None:
    for partition in range(BOOKINGS.partitions):
        confirmed = Entry("EURnorth", "EUR", NOON, [0, 1, 0, 0, 2, Decimal("0.1")])
        pending = Entry("USDnorth", "USD", NOON, [1, 0, 0, 0, 0, Decimal(0)])
        elsewhere = Entry("EURorth", "EUR", NOON, [0, 1, 0, 0, 1, Decimal("1e300")])
        fold(three, booking_windows, partition, [confirmed, pending, elsewhere])
    (north,) = await ask(three, "bookings", "region=north&size=1m")
    assert north == {
        "start": NOON, "end": NOON + MINUTE, "pending": 12, "confirmed": 12, "cancelled": 0, "amended": 0, "nights": 24,
        "amount": {"EUR": 1.2},
    }  # fmt: skip
    (everywhere,) = await ask(three, "bookings", "size=1m")
    assert (everywhere["confirmed"], everywhere["nights"]) == (24, 36)
    assert everywhere["amount"] == {"EUR": 1.2e301}


async def test_payments_of_a_currency_and_of_all(three: Any) -> None:
    for partition in range(PAYMENTS.partitions):
        paid = Entry("EUR", "", NOON, [0, 1, 0, 0, Decimal(2**63), Decimal(0)])
        fold(three, payment_windows, partition, [paid, paid._replace(key="USD")])
    (euros,) = await ask(three, "payments", "currency=EUR&size=1h")
    assert (euros["completed"], euros["completedMinor"], euros["refundedMinor"]) == (6, 6 * 2**63, 0)
    (everything,) = await ask(three, "payments", "size=1h")
    assert (everything["completed"], everything["completedMinor"]) == (12, 12 * 2**63)


async def test_a_worker_that_is_gone_is_named_and_nothing_is_answered(three: Any) -> None:
    sold(three, "a", "1")
    await three.workers[2].stop()
    answer = await three.get(f"/v1/windows/sales?from={NOON}&to={NOON + HOUR}&size=1h", at=1)
    assert answer.status == 503
    assert answer.headers["Retry-After"]
    assert three.workers[2].own_url in answer.problem["detail"]


@pytest.mark.parametrize("query", ["storeId=", f"storeId={'x' * 129}", "region=north", "storeId=a&storeId=b"])
async def test_what_is_no_question_is_refused(one: Any, query: str) -> None:
    answer = await one.get(f"/v1/windows/sales?from=0&to=1&size=1m&{query}")
    assert (answer.status, answer.problem["parameter"]) == (400, "region" if "region" in query else "storeId")


def test_an_answer_of_too_many_amounts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.views.windows.PART_ROWS_MAX", 3)
    sums = {(0, currency): [0, 1, 0, 0, 1, Decimal(5)] for currency in ("EUR", "USD")}
    assert len(composed(booking_windows, Spans(range(1), 1), sums)) == 1
    with pytest.raises(Exception, match="to asks for over 3 amounts"):
        composed(booking_windows, Spans(range(-1, 1), 2), sums)
