from typing import Any

import pytest

from app.domain.measures import Entry
from app.views.blocks import Asked, blocks, combined
from app.views.responses import Problem
from app.views.spans import Spans
from tables.windows import booking_windows, sales
from tests.app.engine.opened import movement
from tests.app.views.folded import put

MINUTE, HOUR = 60_000, 3_600_000
DAY = 24 * HOUR
NOON = 20_000 * DAY + 12 * HOUR
LONG = "x" * 100
CROWDED = sales._replace(packed_max=2)


def spans(size: int, step: int, count: int = 5, first: int = NOON) -> Spans:
    return Spans(range(first, first + count * step, step), size)


@pytest.fixture
def copy(one: Any) -> Any:
    """A copy of a partition without anything in it."""
    return one.workers[0].tasks["inventory", 0]


async def asked(copy: Any, question: Asked) -> list[Any]:
    return combined([await blocks(copy, question)])


async def test_every_store_is_found_wherever_its_entry_lies(copy: Any) -> None:
    stores = ["a", "b", "c", "d", LONG]
    for minute in (0, 0, 1, 61, 1):
        put(copy, CROWDED, [movement("e", "SALE", location_id=s, occurred_at=NOON + minute * MINUTE) for s in stores])
    for store in stores:
        found = await asked(copy, Asked(CROWDED, spans(MINUTE, MINUTE, 100), store))
        assert found == [[NOON + minute * MINUTE, "", [n, 0, n]] for minute, n in ((0, 2), (1, 2), (61, 1))]
        found = await asked(copy, Asked(CROWDED, spans(HOUR, HOUR), store))
        assert sorted(found) == [[NOON, "", [4, 0, 4]], [NOON + HOUR, "", [1, 0, 1]]]
    total = await asked(copy, Asked(CROWDED, spans(2 * HOUR, 2 * HOUR), None))
    assert total == [[NOON, "", [25, 0, 25]]]


async def test_a_key_that_ends_like_another_one_is_another_one(one: Any) -> None:
    copy = one.workers[0].tasks["bookings", 0]
    crowded = booking_windows._replace(packed_max=1)
    regions = ["north", "orth", "", "\0"]
    for region in regions:
        put(copy, crowded, [Entry(f"{c}{region}", c, NOON, [1, 0, 0, 0, 0, 0]) for c in ("EUR", "USD")])
    for region in regions:
        found = await asked(copy, Asked(crowded, spans(MINUTE, MINUTE), region))
        assert sorted(found) == [[NOON, c, [1, 0, 0, 0, 0, 0]] for c in ("EUR", "USD")]
    found = await asked(copy, Asked(crowded, spans(HOUR, HOUR), None))
    assert sorted(found) == [[NOON, c, [4, 0, 0, 0, 0, 0]] for c in ("EUR", "USD")]


async def test_nothing_applied_is_nothing_found(copy: Any) -> None:
    for key in (None, "a"):
        assert await asked(copy, Asked(sales, spans(HOUR, HOUR), key)) == []


async def test_too_much_is_refused(one: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = one.workers[0].tasks["bookings", 0]
    put(copy, booking_windows, [Entry(f"{c}x", c, NOON, [1, 0, 0, 0, 0, 0]) for c in ("EUR", "USD", "CHF")])
    monkeypatch.setattr("app.views.blocks.PART_ROWS_MAX", 2)
    with pytest.raises(Problem) as refused:
        await asked(copy, Asked(booking_windows, spans(MINUTE, MINUTE), None))
    assert refused.value.status == 400
