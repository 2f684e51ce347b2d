from app.simulator.encoding import BOOKINGS, PAYMENTS
from app.simulator.resort.happening import Happening, in_order, lines


def test_order_is_time_then_as_it_was() -> None:
    each = [Happening(2, PAYMENTS, {}), Happening(1, PAYMENTS, {"a": 1}), Happening(1, PAYMENTS, {"a": 0})]
    assert in_order(each) == [each[1], each[2], each[0]]


def test_a_line_of_an_event_file() -> None:
    (line,) = lines([Happening(5, BOOKINGS, {"customerId": "c"}, 1, "EU")])
    assert line == {"topic": BOOKINGS, "key": "c:EU", "value": {"customerId": "c"}, "timestamp": 5}
