"""availability: rooms of each night of each room type; writers agents/inventory.py and agents/reservations.py, one
task."""

from collections.abc import Sequence

from app.application import app
from app.domain.availability import Night, overbooked_nights
from app.domain.availability import overbooked as is_overbooked
from app.engine.group import INVENTORY
from app.engine.keys import KeyFormat
from app.engine.table import Index, RowFormat, RowTable, Tally

overbooked = Index(
    "overbooked",
    INVENTORY.name,
    KeyFormat(b"\xf3", (int, str, str, int, int, int)),
    "night, hotel, room type, capacity, sold, closed: all that is shown, so that no answer has to look up rows",
)


def reindex(keys: Sequence[bytes], before: Sequence[Night | None], after: Sequence[Night]) -> dict[bytes, bool]:
    """The entries of nights that became overbooked, or no longer are."""
    changes = {}
    for key, old, new in zip(keys, before, after, strict=True):
        was, is_now = old is not None and is_overbooked(old), is_overbooked(new)
        if was or is_now:
            hotel, night, room = availability.parts(key)
            if old is not None and was:
                changes[overbooked.key(night, hotel, room, *_shown(old))] = False
            if is_now:
                changes[overbooked.key(night, hotel, room, *_shown(new))] = True
    return changes


def _shown(night: Night) -> tuple[int, int, int]:
    return night.capacity or 0, night.sold, int(night.closed)


availability: RowTable[Night] = app.Table(
    "availability",
    group=INVENTORY.name,
    format=KeyFormat(b"a", (str, int, str)),
    rows=RowFormat(Night, reindex, (overbooked,), tally=Tally("overbooked_nights", overbooked_nights)),
    partitions=INVENTORY.partitions,
    changelog_topic=app.changelog_topic(INVENTORY),
    help="Rooms of each night and room type of each hotel: capacity, sold, closed.",
)
