from app.simulator.reference.bookings import Booking
from app.simulator.reference.model import Reference
from app.simulator.reference.windows import HOUR, MINUTE, Question, Windows, ask, booking, shown
from tests.app.simulator.reference.log import NOW, movement, payment
from tests.app.simulator.reference.log import booking as booked

DAY = 24 * HOUR
NOON = NOW - NOW % DAY + 12 * HOUR
ROW = Booking("C", "H", "R", 2, 10, 13, "CONFIRMED", 0.1, "EUR", "north", 0)


def test_panes_of_an_hour_make_windows_of_hours_and_panes_of_a_minute_all_others() -> None:
    windows = Windows()
    for minutes, days in ((0, 0), (0, 2), (1, 2), (90, 2)):
        windows.applied(0, NOON + days * DAY + minutes * MINUTE)
        windows.count(0, "a", at=NOON + days * DAY + minutes * MINUTE, measures={"movements": 1})

    def movements(key: str | None, size: int, step: int) -> list[int]:
        return [w["movements"] for w in ask(windows.kept(), Question("sales", key, NOON, NOON + 3 * DAY, size, step))]

    assert movements("a", HOUR, HOUR) == [1, 2, 1]
    assert movements("a", 30 * MINUTE, 30 * MINUTE) == [2, 1]
    assert movements(None, 2 * HOUR, HOUR) == [1, 2, 3, 1]
    assert movements("b", HOUR, HOUR) == []
    assert windows.late == 0


def test_what_comes_too_late_is_counted_for_each_size() -> None:
    windows = Windows()
    windows.applied(0, NOON)
    for at in (NOON - DAY - MINUTE, NOON - DAY - MINUTE - 1, NOON - 35 * DAY - HOUR - 1):
        windows.count(0, "a", at=at, measures={"movements": 1})
    assert windows.late == 1 + 2
    windows.count(1, "a", at=0, measures={"movements": 1})
    assert windows.late == 1 + 2


def test_what_a_booking_counts() -> None:
    assert booking(None, ROW)["nights"] == 6
    assert booking("CONFIRMED", ROW) == {"amended": 1}
    assert shown("bookings", {"start": 1, "end": 2, **booking("PENDING", ROW)}) == {
        "start": 1, "end": 2, "pending": 0, "confirmed": 1, "cancelled": 0, "amended": 0, "nights": 6,
        "amount": {"EUR": 0.1},
    }  # fmt: skip


def test_the_model_counts_what_it_applies() -> None:
    model = Reference()
    log = [
        movement(quantity=3), movement(), movement(eventId="e2", eventType="COUNT", occurredAt=NOW + 1),
        movement(eventId="e3", quantity=-1), booked(), booked(), payment(), payment(eventId="e2", status="COMPLETED"),
        payment(eventId="e3", status="FAILED"),
    ]  # fmt: skip
    for record in log:
        model.feed(record)

    def asked(kind: str, key: str) -> list[dict[str, object]]:
        return ask(model.windows[kind].kept(), Question(kind, key, NOW - DAY, NOW + DAY, HOUR, HOUR))

    (sold,) = asked("sales", "S1")
    assert (sold["unitsSold"], sold["movements"]) == (3, 1)
    assert model.windows["sales"].newest == {0: NOW + 1}
    assert [window["confirmed"] for window in asked("bookings", "EU")] == [1]
    (paid,) = asked("payments", "EUR")
    assert (paid["authorized"], paid["completed"], paid["completedMinor"], paid["failed"]) == (1, 1, 12_050, 0)
