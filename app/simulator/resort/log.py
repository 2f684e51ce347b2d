"""All events of the data set in the order in which they happened, and what their writers send."""

from collections.abc import Iterable
from pathlib import Path

from app.simulator.encoding import BOOKINGS, JSON, WRITERS, encode
from app.simulator.outgoing import Outgoing
from app.simulator.resort.allotments import hotel_events
from app.simulator.resort.bookings import booking_events
from app.simulator.resort.happening import Happening, in_order
from app.simulator.resort.payments import payment_events
from app.simulator.resort.rows import Stay, read

FIRST_VERSION, SECOND_VERSION = WRITERS[BOOKINGS][:2]
BOOKING_WRITERS = (FIRST_VERSION, SECOND_VERSION, SECOND_VERSION, JSON, None)


def events_of(stays: Iterable[Stay]) -> list[Happening]:
    """Booking, payment and hotel events of the stays, by time."""
    known = list(stays)
    happenings = list(hotel_events(known))
    for stay in known:
        happenings += booking_events(stay)
        happenings += payment_events(stay)
    return in_order(happenings)


def mixed(happenings: Iterable[Happening]) -> Iterable[Outgoing]:
    """The events as Avro of every version and JSON, by row: some bookings start in version 1 and go on in version 2."""
    for each in happenings:
        yield Outgoing(each.topic, each.key, encode(each.event, _writer(each)))


def _writer(happening: Happening) -> int:
    if happening.topic != BOOKINGS:
        avro, json = WRITERS[happening.topic]
        return json if happening.number % 4 == 3 else avro
    writer = BOOKING_WRITERS[happening.number % len(BOOKING_WRITERS)]
    if writer is not None:
        return writer
    return FIRST_VERSION if happening.event["eventId"].endswith("-0") else SECOND_VERSION


def read_events(path: Path) -> list[Happening]:
    """Everything the published file says."""
    return events_of(read(path))
