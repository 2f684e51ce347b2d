from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.delivery.dead_letters import KEY_BYTES_MAX, VALUE_BYTES_MAX
from app.delivery.retries import DELAYS_MS, Origin, due, headers, next_topic, read_headers, retry_topics, tried
from app.engine.topic_specs import PARTITIONS

NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1)
ORIGIN = Origin("payment-events", 3, 7, 1_000, 2_000, 1)


class Record(NamedTuple):
    timestamp: int
    offset: int = 0
    partition: int = 0
    key: bytes | None = b"k"
    value: bytes | None = b"v"
    headers: tuple[tuple[str, bytes], ...] = ()


@given(st.builds(Origin, st.just("payment-events"), *[NUMBERS] * 5))
def test_headers_say_where_a_record_comes_from(origin: Origin) -> None:
    assert read_headers(headers(origin), "payment-events") == origin


@pytest.mark.parametrize(
    "found",
    [
        (),
        headers(ORIGIN)[1:],
        headers(ORIGIN._replace(topic="booking-events")),
        (*headers(ORIGIN)[:-1], ("retry-attempts", b"two")),
        (*headers(ORIGIN)[:-1], ("retry-attempts", b"9" * 30)),
        (*headers(ORIGIN)[:-1], ("retry-attempts", str(1 << 63).encode())),
        (*headers(ORIGIN)[:-1], ("retry-attempts", None)),
    ],
)
def test_what_a_stranger_has_put_there_comes_from_nowhere(found: tuple[tuple[str, bytes], ...]) -> None:
    assert read_headers(found, "payment-events") is None


def test_a_record_goes_from_topic_to_topic_and_then_to_the_dead_letters() -> None:
    ways = [next_topic(Record(0), ORIGIN._replace(attempts=n)) for n in range(5)]
    assert ways == [None, "payment-events-retry-1", "payment-events-retry-2", None, None]
    assert set(retry_topics("booking-events")) <= PARTITIONS.keys()


@pytest.mark.parametrize("too_large", [{"value": bytes(VALUE_BYTES_MAX + 1)}, {"key": bytes(KEY_BYTES_MAX + 1)}])
def test_what_no_request_can_carry_is_not_tried_again(too_large: dict[str, bytes]) -> None:
    assert next_topic(Record(0)._replace(**too_large), ORIGIN) is None


def test_a_record_is_tried_with_its_source_s_timestamp() -> None:
    ours, stranger = tried([Record(9_000, 4, headers=headers(ORIGIN)), Record(9_001, 5)], "payment-events")
    assert (ours.offset, ours.timestamp, ours.origin) == (4, 1_000, ORIGIN)
    assert (stranger.offset, stranger.timestamp, stranger.origin) == (5, 9_001, None)


def test_records_are_due_when_they_have_waited() -> None:
    records = [Record(1_000), Record(1_500), Record(1_200)]
    assert DELAYS_MS == (1_000, 2_000)
    assert due(records, 1_000, 1_999) == (0, 1)
    assert due(records, 1_000, 2_000) == (1, 500)
    assert due(records, 1_000, 2_499) == (1, 1)
    assert due(records, 1_000, 2_500) == (3, 0)
    assert due([], 1_000, 0) == (0, 0)


def test_a_clock_that_was_ahead_makes_nobody_wait_longer() -> None:
    assert due([Record(3_600_000)], 1_000, 0) == (0, 1_000)
