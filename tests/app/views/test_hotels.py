from typing import Any

from app.domain.availability import Night

MAY_1 = 20_574  # 2026-05-01


async def test_a_night_has_exactly_the_members_of_the_contract(one: Any) -> None:
    one.put_night("h1", MAY_1, "TWIN", Night(capacity=3, sold=4))
    body = (await one.get("/v1/hotels/h1/availability?from=2026-05-01&to=2026-05-02")).json
    assert body["hotelId"] == "h1"
    assert body["nights"] == [
        {
            "date": "2026-05-01", "roomType": "TWIN", "capacity": 3, "sold": 4, "available": 0, "overbooked": True,
            "closed": False,
        }
    ]  # fmt: skip


async def test_closed_and_unknown_capacity(one: Any) -> None:
    one.put_night("h1", MAY_1, "A", Night(capacity=9, sold=1, closed=True))
    one.put_night("h1", MAY_1, "B", Night(sold=2))
    one.put_night("h1", MAY_1, "C", Night(capacity=9, sold=1))
    body = (await one.get("/v1/hotels/h1/availability?from=2026-05-01&to=2026-05-02")).json
    assert [night["available"] for night in body["nights"]] == [0, None, 8]
    assert [night["capacity"] for night in body["nights"]] == [9, None, 9]


async def test_nights_are_from_up_to_to_by_date_and_room_type(one: Any) -> None:
    for day in range(-1, 4):
        for kind in ("TWIN", "DOUBLE"):
            one.put_night("h1", MAY_1 + day, kind, Night())
    one.put_night("h2", MAY_1, "DOUBLE", Night())
    body = (await one.get("/v1/hotels/h1/availability?from=2026-05-01&to=2026-05-03")).json
    assert [(night["date"][-2:], night["roomType"]) for night in body["nights"]] == [
        ("01", "DOUBLE"), ("01", "TWIN"), ("02", "DOUBLE"), ("02", "TWIN"),
    ]  # fmt: skip
    body = (await one.get("/v1/hotels/h1/availability?from=2026-05-01&to=2026-05-03&roomType=TWIN")).json
    assert {night["roomType"] for night in body["nights"]} == {"TWIN"}


async def test_an_unknown_hotel_has_no_nights_in_any_century(one: Any) -> None:
    for span in ("from=2026-05-01&to=2028-05-01", "from=1970-01-01&to=1970-01-02", "from=0001-01-01&to=0002-01-01"):
        answer = await one.get(f"/v1/hotels/h/availability?{span}")
        assert (answer.status, answer.json["nights"]) == (200, [])


async def test_as_of_names_the_hotels_partition_and_every_partition_of_the_bookings(one: Any) -> None:
    worker, place = one.workers[0], one.place("inventory", "h1")
    worker.end_offsets |= {
        ("inventory-events", place): 10,
        ("stayshelf-reservations", place): 7,
        ("booking-events", 3): 40,
    }
    worker.group_offsets |= {("booking-events", 3): 35}
    worker.tasks["inventory", place].positions = {"inventory-events": 9, "stayshelf-reservations": 5}
    as_of = (await one.get("/v1/hotels/h1/availability?from=2026-05-01&to=2026-05-02")).json["asOf"]
    assert as_of[0] == {"topic": "inventory-events", "partition": place, "role": "active", "lag": 1}
    assert [(entry["topic"], entry["partition"]) for entry in as_of[1:]] == [("booking-events", n) for n in range(12)]
    # Two reservations wait: whichever partition they come from, it is not shown as complete.
    assert [entry["lag"] for entry in as_of[1:]] == [2, 2, 2, 7, *[2] * 8]
