"""/v1/overbooked: nights sold beyond capacity, over all hotels."""

from typing import Any

from aiohttp import web
from typing_extensions import TypedDict

from app.engine.group import INVENTORY
from app.views.as_of import AsOf
from app.views.nights import NightAnswer, shown
from app.views.parameters import Query
from app.views.parts import Part, Question
from app.views.worker import Task
from tables.availability import availability, overbooked


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

    async def read(task: Task) -> list[OverbookedNight]:
        found: list[OverbookedNight] = []
        for key, _ in task.scan(overbooked, start, stop, limit):
            night, hotel_id, room_type = overbooked.parts(key)
            row = task.read(availability, availability.key(hotel_id, night, room_type))
            if row is not None:
                found.append({"hotelId": str(hotel_id), **shown(int(night), str(room_type), row)})
        return found

    def merge(parts: list[Part]) -> dict[str, Any]:
        found = [night for part in parts for night in part.rows]
        found.sort(key=lambda night: (night["date"], night["hotelId"], night["roomType"]))
        return {"nights": found[:limit]}

    return Question(INVENTORY, range(INVENTORY.partitions), read, merge, by_index=True, counts_sold=True)
