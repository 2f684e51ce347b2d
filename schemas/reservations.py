"""Rooms taken and released by bookings, on their way to the hotel's nights: internal topic stayshelf-reservations."""

import struct
from typing import NamedTuple

VERSION = 1
_FIXED = struct.Struct(">BiiiiqiHH")


class ReservationEvent(NamedTuple):
    """`rooms` more sold (fewer where negative) for each night in [first_night, last_night), epoch days.

    The booking's partition, offset and the sequence within that offset tell one reservation from every other.
    """

    hotel_id: str
    room_type: str
    first_night: int
    last_night: int
    rooms: int
    booking_partition: int
    booking_offset: int
    sequence: int


def encode(event: ReservationEvent) -> bytes:
    """Version byte, fixed big-endian part with the two lengths, then hotel id and room type in UTF-8."""
    hotel, room = event.hotel_id.encode(), event.room_type.encode()
    return _FIXED.pack(VERSION, *event[2:], len(hotel), len(room)) + hotel + room


def decode(data: bytes) -> ReservationEvent:
    """The event `encode` was given; ValueError for anything else."""
    if len(data) < _FIXED.size or data[0] != VERSION:
        raise ValueError("not a reservation of a known version")
    _, first, last, rooms, partition, offset, sequence, hotel_length, room_length = _FIXED.unpack_from(data)
    middle = _FIXED.size + hotel_length
    if len(data) != middle + room_length:
        raise ValueError("reservation of a wrong length")
    hotel, room = data[_FIXED.size : middle].decode(), data[middle:].decode()
    return ReservationEvent(hotel, room, first, last, rooms, partition, offset, sequence)
