"""availability: rooms of each night of each room type; writers agents/inventory.py and agents/reservations.py, one
task."""

from app.application import app
from app.domain.availability import Night
from app.domain.availability import overbooked as is_overbooked
from app.engine.group import INVENTORY
from app.engine.keys import KeyFormat
from app.engine.table import Index, RowFormat, RowTable

overbooked = Index(
    "overbooked",
    INVENTORY.name,
    KeyFormat(b"\xf3", (int, str, str)),
    "night, hotel, room type: more sold than there is",
)


def reindex(key: bytes, before: Night | None, after: Night) -> tuple[tuple[bytes, bool], ...]:
    """The entry of a night that became overbooked, or no longer is."""
    is_now = is_overbooked(after)
    if is_now == (before is not None and is_overbooked(before)):
        return ()
    hotel, night, room = availability.parts(key)
    return ((overbooked.key(night, hotel, room), is_now),)


availability: RowTable[Night] = app.Table(
    "availability",
    group=INVENTORY.name,
    format=KeyFormat(b"a", (str, int, str)),
    rows=RowFormat(Night, reindex, (overbooked,)),
    partitions=INVENTORY.partitions,
    changelog_topic=app.changelog_topic(INVENTORY),
    help="Rooms of each night and room type of each hotel: capacity, sold, closed.",
)
