from pathlib import Path

import pytest

from agents.bookings import bookings as agent
from app.engine.partitioner import partition_of
from schemas.bookings import BookingEvent
from schemas.reservations import ReservationEvent, decode
from tables.bookings import bookings
from tables.windows import booking_windows
from tests.agents.driven import assert_counted, cut, dead, drive, fields, letters, modelled, of, rows_of, traffic
from tests.app.engine.opened import NOW, commit, opened, unit
from tests.app.engine.panes_held import assert_same

TOPIC = "booking-events"


def reserved(task: object) -> list[ReservationEvent]:
    sends = [send for send in task.pending.sends if send.topic == "stayshelf-reservations"]  # type: ignore[attr-defined]
    found = [decode(send.value) for send in sends]
    assert [(send.key, send.partition) for send in sends] == [
        (one.hotel_id.encode(), partition_of(one.hotel_id.encode(), 24)) for one in found
    ]
    return found


@pytest.mark.parametrize("seed", [1, 2])
async def test_bookings_nights_and_letters_are_those_of_the_reference(tmp_path: Path, seed: int) -> None:
    log = of(traffic(4_000, seed=seed), TOPIC)
    model, task = modelled(log), opened(tmp_path, "bookings")
    await drive(agent, cut(task, log, seed))
    assert_counted(task, model, TOPIC)
    assert letters(task) == dead(model) != []
    sold: dict[tuple[str, int, str], int] = {}
    for one in reserved(task):
        for night in range(one.first_night, one.last_night):
            sold[one.hotel_id, night, one.room_type] = sold.get((one.hotel_id, night, one.room_type), 0) + one.rooms
    assert sold == {key[1:]: night.sold for key, night in model.nights.items()}
    commit(task)
    assert rows_of(task, bookings) == {key[1:]: fields(row) for key, row in model.bookings.items()}
    assert_same(task, model, booking_windows)
    task.close()


async def test_a_reservation_tells_which_record_made_it(tmp_path: Path) -> None:
    confirmed = BookingEvent(
        "e0", "B", "C", "H", 100, 102, 9.5, "EUR", "CONFIRMED", None, "STANDARD", 2, NOW, "EU"
    )  # fmt: skip
    amended = confirmed._replace(event_id="e1", check_in=101, hotel_id="H2")
    task = opened(tmp_path, "bookings", partition=5)
    ignored = confirmed._replace(event_id="e2", status="PENDING")
    await drive(agent, [unit(task, 40, [], topic=TOPIC), unit(task, 0, [confirmed, ignored, amended], topic=TOPIC)])
    assert reserved(task) == [
        ReservationEvent("H", "STANDARD", 100, 102, 2, 5, 0, 0),
        ReservationEvent("H", "STANDARD", 100, 102, -2, 5, 2, 0),
        ReservationEvent("H2", "STANDARD", 101, 102, 2, 5, 2, 1),
    ]
    task.close()
