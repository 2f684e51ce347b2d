from app.domain.availability import Night
from app.views.nights import shown


def test_a_night_is_shown_with_what_follows_from_it() -> None:
    assert shown(0, "TWIN", Night(capacity=2, sold=-1)) == {
        "date": "1970-01-01", "roomType": "TWIN", "capacity": 2, "sold": -1, "available": 3, "overbooked": False,
        "closed": False,
    }  # fmt: skip
