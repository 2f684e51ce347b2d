import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reservations import ReservationEvent, decode, encode

INT = st.integers(-(2**31), 2**31 - 1)
TEXT = st.text(st.characters(codec="utf-8"), max_size=128)
EVENTS = st.builds(
    ReservationEvent,
    hotel_id=TEXT,
    room_type=TEXT,
    first_night=INT,
    last_night=INT,
    rooms=INT,
    booking_partition=INT,
    booking_offset=st.integers(-(2**63), 2**63 - 1),
    sequence=INT,
)


@given(EVENTS)
def test_what_was_encoded_is_decoded(event: ReservationEvent) -> None:
    assert decode(encode(event)) == event


@given(st.one_of(st.binary(max_size=60), EVENTS.map(encode).flatmap(lambda d: st.sampled_from([d[:-1], d + b"x"]))))
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"reservation|utf-8"):
        decode(data)
