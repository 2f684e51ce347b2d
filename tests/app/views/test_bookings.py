from typing import Any

from app.domain.bookings import Booking

ROW = Booking("c1", "h1", "TWIN", 2, 20_574, 20_576, "CONFIRMED", 120.5, "EUR", "eu:west", 1_000)


async def test_a_booking_has_exactly_the_members_of_the_contract(three: Any) -> None:
    three.put_booking(7, "b1", ROW)
    for at in range(3):
        body = (await three.get("/v1/bookings/b1", at)).json
        as_of = body.pop("asOf")
        assert body == {
            "bookingId": "b1", "customerId": "c1", "hotelId": "h1", "roomType": "TWIN", "rooms": 2,
            "checkIn": "2026-05-01", "checkOut": "2026-05-03", "status": "CONFIRMED", "totalAmount": 120.5,
            "currency": "EUR", "region": "eu:west", "updatedAt": 1_000,
        }  # fmt: skip
        assert [(entry["topic"], entry["partition"]) for entry in as_of] == [("booking-events", n) for n in range(12)]


async def test_of_two_partitions_the_newest_counts(three: Any) -> None:
    three.put_booking(2, "b1", ROW._replace(updated_at=2_000, status="CANCELLED"))
    three.put_booking(7, "b1", ROW)
    assert (await three.get("/v1/bookings/b1")).json["status"] == "CANCELLED"


async def test_an_unknown_booking_is_404(three: Any) -> None:
    answer = await three.get("/v1/bookings/b2")
    assert answer.status == 404
    assert len(answer.problem["asOf"]) == 12


async def test_a_partition_nobody_can_read_makes_no_part_of_an_answer(three: Any) -> None:
    three.put_booking(7, "b1", ROW)
    three.copy("bookings", 2).ready = False
    answer = await three.get("/v1/bookings/b1")
    assert answer.status == 503
    assert "partition 2 of bookings" in answer.problem["detail"]
