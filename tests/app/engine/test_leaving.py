from app.delivery.dead_letters import read_headers
from app.delivery.retries import Origin
from app.delivery.retries import read_headers as read_origin
from app.engine.leaving import Leaving, Undecided
from app.engine.pending import Send
from tests.app.engine.opened import NOW, Record

SOURCE = "payment-events"


def origin_of(record: Record, time: int) -> Origin:
    return Origin(SOURCE, 5, record.offset, record.timestamp, time, record.offset)


def test_each_record_goes_one_step_further() -> None:
    sends: list[Send] = []
    leaving = Leaving(SOURCE, sends)
    records = [Record(1, NOW + 4), Record(2, NOW), Record(3, NOW + 6)]
    leaving.undecided = [Undecided(record, "unmatched-refund", "status") for record in records]
    leaving.settle(records, NOW + 2, origin_of)
    assert [send.topic for send in sends] == [f"{SOURCE}-retry-1", f"{SOURCE}-retry-2", f"{SOURCE}-dlt"]
    assert {(send.partition, send.key, send.value) for send in sends} == {(5, b"k", b"v")}
    assert [read_origin(send.headers, SOURCE) for send in sends[:2]] == [
        Origin(SOURCE, 5, 1, NOW + 4, NOW + 4, 1),
        Origin(SOURCE, 5, 2, NOW, NOW + 4, 2),
    ]
    letter = read_headers(sends[2].headers)
    assert letter is not None
    assert (letter.reason, letter.offset, letter.timestamp, letter.attempts) == ("unmatched-refund", 3, NOW + 6, 3)
    assert (leaving.retried, leaving.dead) == (2, ["unmatched-refund"])


def test_where_nothing_is_undecided_nothing_is_sent() -> None:
    sends: list[Send] = []
    Leaving(SOURCE, sends).settle([Record(1)], NOW, origin_of)
    assert sends == []
