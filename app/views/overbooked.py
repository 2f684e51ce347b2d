"""/v1/overbooked: nights sold beyond capacity, over all hotels."""

from typing import Any

from aiohttp import web
from typing_extensions import TypedDict

from app.domain.availability import Night
from app.engine.group import INVENTORY
from app.views.as_of import AsOf
from app.views.nights import NightAnswer, shown
from app.views.parameters import Query
from app.views.parts import Part, Question, first_keys
from app.views.worker import Task
from tables.availability import overbooked


class OverbookedNight(NightAnswer):
    """A night and the hotel it is of."""

    hotelId: str  # noqa: N815


class OverbookedAnswer(TypedDict):
    """Nights by date, hotel and room type."""

    nights: list[OverbookedNight]
    asOf: list[AsOf]


def nights(request: web.Request) -> Question:
    """Overbooked nights in a span of dates; limit says how many at most."""
    query = Query(request, "from", "to", "limit")
    first, last = query.nights()
    limit = query.limit()
    start, stop = overbooked.prefix(first)[0], overbooked.prefix(last)[0]
    combine = first_keys(limit)

    async def read(task: Task) -> list[str]:
        return [key.hex() for key, _ in task.scan(overbooked, start, stop, limit)]

    def merge(parts: list[Part]) -> dict[str, Any]:
        return {"nights": [_shown(bytes.fromhex(key)) for key in combine([part.rows for part in parts])]}

    return Question(
        INVENTORY, range(INVENTORY.partitions), read, merge, combine=combine, by_index=True, counts_sold=True
    )


def _shown(key: bytes) -> OverbookedNight:
    night, hotel_id, room_type, capacity, sold, closed = overbooked.parts(key)
    row = Night(int(capacity), int(sold), bool(closed))
    return {"hotelId": str(hotel_id), **shown(int(night), str(room_type), row)}
