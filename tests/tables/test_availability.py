import pytest

from app.domain.availability import Night
from tables.availability import availability, overbooked, reindex

KEY = availability.key("H", 19_000, "R")
FREE, OVER = Night(capacity=2, sold=2), Night(capacity=2, sold=3)
ENTRY = overbooked.key(19_000, "H", "R", 2, 3, 0)


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (None, FREE, {}),
        (None, OVER, {ENTRY: True}),
        (FREE, OVER, {ENTRY: True}),
        (OVER, OVER._replace(allotted_at=5), {ENTRY: True}),
        (OVER, Night(capacity=2, sold=9), {ENTRY: False, overbooked.key(19_000, "H", "R", 2, 9, 0): True}),
        (OVER, FREE, {ENTRY: False}),
        (OVER, Night(sold=3), {ENTRY: False}),
        (OVER, OVER._replace(closed=True), {ENTRY: False, overbooked.key(19_000, "H", "R", 2, 3, 1): True}),
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
    assert overbooked.parts(ENTRY) == (19_000, "H", "R", 2, 3, 0)
    assert overbooked.key(19_001, "A", "A", 0, 1, 0) > ENTRY
    assert overbooked.key(19_000, "H", "RA", 0, 1, 0) > ENTRY
