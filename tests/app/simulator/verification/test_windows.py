from app.domain.windows import HOURS, MINUTES, EventTime
from app.engine.panes import keyed, totals
from app.simulator.reference.model import Reference
from app.simulator.verification.windows import Place, around, doubtful, held, modelled, newest
from tables.windows import booking_windows, sales
from tests.app.simulator.reference.log import NOW, booking, movement
from tests.app.simulator.verification.pane_rows import pane_rows

HOUR = NOW - NOW % HOURS.span
MINUTE = NOW - NOW % MINUTES.span


def test_the_open_minute_counts_in_its_hour_where_it_is_packed() -> None:
    encode = sales.table.encode
    rows = {
        sales.clock.key(): sales.clock.encode(EventTime(NOW)),
        keyed(sales, MINUTES).packed(MINUTE): encode({"a": [1, 0, 1]}),
        keyed(sales, MINUTES).own(MINUTE, "b"): encode({"": [5, 0, 1]}),
        keyed(sales, HOURS).packed(HOUR): encode({"a": [2, 0, 2]}),
        keyed(sales, HOURS).own(HOUR, "b"): encode({"": [5, 0, 1]}),
        totals(sales, MINUTES).packed(0): encode({"": [9, 0, 9]}),
    }
    assert newest(sales, rows) == NOW
    assert held(sales, rows) == {
        Place(MINUTES.span, MINUTE, "a"): {"unitsSold": 1, "movements": 1},
        Place(MINUTES.span, MINUTE, "b"): {"unitsSold": 5, "movements": 1},
        Place(HOURS.span, HOUR, "a"): {"unitsSold": 3, "movements": 3},
        Place(HOURS.span, HOUR, "b"): {"unitsSold": 5, "movements": 1},
    }


def test_rows_of_the_reference_are_what_it_says() -> None:
    model = Reference()
    for record in (movement(), movement(eventId="e2", eventType="RETURN", locationId="S2"), booking(totalAmount=0.1)):
        model.feed(record)
    for windows in (sales, booking_windows):
        rows = {key: value for (_partition, key), value in pane_rows(windows, model.windows[windows.name]).items()}
        assert held(windows, rows) == modelled(model.windows[windows.name], NOW)
        assert len(held(windows, rows)) >= 4


def test_a_doubtful_minute_makes_its_hour_doubtful() -> None:
    keys = [totals(sales, MINUTES).packed(MINUTE), b"s-something"]
    assert doubtful(sales, keys) == {(MINUTES.span, MINUTE), (HOURS.span, HOUR)}


def test_a_place_says_where_it_is() -> None:
    assert str(Place(HOURS.span, 0, None)) == "60m / 0 / all"
    assert str(Place(MINUTES.span, 5, "a")) == "1m / 5 / a"


def test_panes_around_event_times() -> None:
    assert around([NOW, NOW + 1]) == {(MINUTES.span, MINUTE), (HOURS.span, HOUR)}
    assert around([]) == set()
