from app.engine.group import BOOKINGS
from tables.bookings import bookings


def test_a_booking_is_found_by_its_id_alone() -> None:
    assert bookings.parts(bookings.key("B-1/ä")) == ("B-1/ä",)
    assert bookings.group == BOOKINGS.name


def test_its_row_lives_where_its_records_key_belongs() -> None:
    assert {bookings.partition(f"C-{n}:EU") for n in range(200)} == set(range(BOOKINGS.partitions))
