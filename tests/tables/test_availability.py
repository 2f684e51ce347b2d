import pytest

from app.domain.availability import Night
from tables.availability import availability, overbooked, reindex

KEY = availability.key("H", 19_000, "R")
FREE, OVER = Night(capacity=2, sold=2), Night(capacity=2, sold=3)
ENTRY = overbooked.key(19_000, "H", "R")


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (None, FREE, {}),
        (None, OVER, {ENTRY: True}),
        (FREE, OVER, {ENTRY: True}),
        (OVER, Night(capacity=2, sold=9), {}),
        (OVER, FREE, {ENTRY: False}),
        (OVER, Night(sold=3), {ENTRY: False}),
        (OVER, Night(capacity=2, sold=3, closed=True), {}),
    ],
)
def test_a_night_is_listed_while_it_is_overbooked(
    before: Night | None, after: Night, changes: dict[bytes, bool]
) -> None:
    assert reindex([KEY], [before], [after]) == changes


def test_nights_of_a_hotel_come_by_date() -> None:
    assert availability.parts(KEY) == ("H", 19_000, "R")
    assert availability.key("H", 18_999, "Z") < KEY < availability.key("H", 19_000, "Z")
    start, stop = availability.prefix("H")[0], availability.prefix("H", 19_000)[1]
    assert start < KEY < stop < availability.key("H", 19_001, "A")


def test_overbooked_nights_come_by_date_over_all_hotels() -> None:
    assert overbooked.parts(ENTRY) == (19_000, "H", "R")
    assert overbooked.key(19_001, "A", "A") > ENTRY
