from app.simulator.encoding import date_text
from app.simulator.resort.allotments import QUARTER, hotel_events
from tests.app.simulator.resort.stay import STAY


def test_each_room_type_gets_rooms_for_nine_tenths_of_its_fullest_night() -> None:
    stays = [STAY._replace(number=number) for number in range(10)]
    allotment, stop, opening = hotel_events([*stays, STAY._replace(cancelled=True)])
    first = STAY.arrival // QUARTER * QUARTER
    assert allotment.event["quantity"] == 9
    assert (allotment.event["stayFrom"], allotment.event["stayTo"]) == (date_text(first), date_text(first + QUARTER))
    assert allotment.key == b"agent-240"
    assert [each.event["eventType"] for each in (allotment, stop, opening)] == ["ALLOTMENT", "STOP_SELL", "OPEN_SELL"]
    assert allotment.at < stop.at < opening.at


def test_where_nobody_slept_there_is_a_room_all_the_same() -> None:
    (allotment,) = hotel_events([STAY._replace(cancelled=True)])
    assert allotment.event["quantity"] == 1
    assert list(hotel_events([STAY._replace(nights=0)])) == []
