from typing import Any

from app.domain.availability import Night

MAY_1 = 20_574  # 2026-05-01


async def test_overbooked_nights_of_all_hotels_by_date_hotel_and_room_type(three: Any) -> None:
    for hotel in range(9):
        three.put_night(f"h{hotel}", MAY_1 + 1, "TWIN", Night(capacity=1, sold=2))
        three.put_night(f"h{hotel}", MAY_1 + 1, "FREE", Night(capacity=2, sold=2))
    three.put_night("h8", MAY_1, "SUITE", Night(capacity=0, sold=1))
    three.put_night("h8", MAY_1 + 2, "TWIN", Night(capacity=0, sold=1))
    body = (await three.get("/v1/overbooked?from=2026-05-01&to=2026-05-03", at=2)).json
    assert body["nights"][0] == {
        "hotelId": "h8", "date": "2026-05-01", "roomType": "SUITE", "capacity": 0, "sold": 1, "available": 0,
        "overbooked": True, "closed": False,
    }  # fmt: skip
    assert [night["hotelId"] for night in body["nights"][1:]] == [f"h{hotel}" for hotel in range(9)]
    assert len(body["asOf"]) == 24 + 12


async def test_the_limit_keeps_the_first(three: Any) -> None:
    for hotel in range(9):
        three.put_night(f"h{hotel}", MAY_1, "TWIN", Night(capacity=1, sold=2, closed=hotel > 2))
    body = (await three.get("/v1/overbooked?from=2026-05-01&to=2026-05-02&limit=4")).json
    assert [night["hotelId"] for night in body["nights"]] == ["h0", "h1", "h2", "h3"]
    assert [night["closed"] for night in body["nights"]] == [False, False, False, True]
