from pathlib import Path

from agents.bookings import bookings
from agents.inventory import inventory
from agents.reservations import reservations as agent
from app.domain.availability import Night
from schemas.reservations import ReservationEvent, decode
from tables.availability import availability, overbooked
from tests.agents.driven import cut, drive, fields, modelled, of, rows_of, traffic
from tests.app.engine.opened import commit, opened, unit

TOPIC = "stayshelf-reservations"


async def test_bookings_and_allotments_meet_in_the_nights_of_the_reference(tmp_path: Path) -> None:
    log = traffic(4_000)
    model = modelled(log)
    desk, house = opened(tmp_path / "desk", "bookings"), opened(tmp_path / "house")
    await drive(bookings, cut(desk, of(log, "booking-events")))
    moves = [decode(send.value or b"") for send in desk.pending.sends if send.topic == TOPIC]
    await drive(agent, [unit(house, 0, moves[:50], topic=TOPIC)])
    await drive(inventory, cut(house, of(log, "inventory-events")))
    await drive(agent, [unit(house, 50, moves[20:], topic=TOPIC)])
    commit(house)
    assert rows_of(house, availability) == {key[1:]: fields(row) for key, row in model.nights.items()}
    entries = [overbooked.parts(key) for key, _ in house.scan(overbooked, *overbooked.prefix(), 10_000)]
    over = [
        (night, hotel, room, row.capacity, row.sold, row.closed)
        for (_, hotel, night, room), row in model.nights.items()
        if row.overbooked
    ]
    assert entries == sorted(over)
    desk.close()
    house.close()


async def test_each_night_of_a_stay_changes_once(tmp_path: Path) -> None:
    taken = ReservationEvent("H", "R", 10, 12, 3, 4, 77, 0)
    released = ReservationEvent("H", "R", 11, 12, -1, 4, 78, 0)
    task = opened(tmp_path)
    await drive(agent, [unit(task, 0, [taken, taken, released], topic=TOPIC)])
    commit(task)
    assert rows_of(task, availability) == {("H", 10, "R"): Night(sold=3), ("H", 11, "R"): Night(sold=2)}
    task.close()
