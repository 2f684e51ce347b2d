from collections import Counter

from app.simulator.resort.rows import read
from app.simulator.sample.build import BOOKINGS_FILE


def test_every_row_is_there_as_published() -> None:
    stays = list(read(BOOKINGS_FILE))
    assert [stay.number for stay in stays] == list(range(1, 40_061))
    assert sum(stay.nights == 0 for stay in stays) == 384
    assert sum(stay.amount < 0 for stay in stays) == 1
    assert sum(stay.cancelled for stay in stays) == 11_122
    assert max(stay.rooms for stay in stays) == 14
    assert Counter(stay.agent for stay in stays).most_common(2) == [("240", 13_905), ("NULL", 8_209)]
    first = stays[2]
    assert (first.room_type, first.country, first.arrival, first.nights, first.amount, first.lead_days) == (
        "A",
        "GBR",
        16_617,
        1,
        75.0,
        7,
    )
