"""/v1/hotels: which rooms of a hotel are free, night by night."""

from typing import Any

from aiohttp import web
from typing_extensions import TypedDict

from app.engine.group import INVENTORY
from app.engine.partitioner import partition_of
from app.views.as_of import AsOf
from app.views.nights import NightAnswer, shown
from app.views.parameters import Query, path_id
from app.views.parts import Part, Question, scanned
from app.views.worker import Task
from tables.availability import availability


class HotelAnswer(TypedDict):
    """Nights with state only, by date and room type."""

    hotelId: str
    nights: list[NightAnswer]
    asOf: list[AsOf]


def nights(request: web.Request) -> Question:
    """A hotel's nights in a span, of one room type or all; an unknown hotel has none."""
    hotel_id, query = path_id(request, "id"), Query(request, "from", "to", "roomType")
    first, last = query.nights()
    room_type = query.id("roomType")
    start, stop = availability.prefix(hotel_id, first)[0], availability.prefix(hotel_id, last)[0]

    async def read(task: Task) -> list[NightAnswer]:
        found: list[NightAnswer] = []
        async for chunk in scanned(task, availability, start, stop, asked_by="to"):
            for key, row in chunk:
                _, night, kind = availability.parts(key)
                if room_type is None or kind == room_type:
                    found.append(shown(int(night), str(kind), row))
        return found

    def merge(parts: list[Part]) -> dict[str, Any]:
        return {"hotelId": hotel_id, "nights": parts[0].rows}

    place = partition_of(hotel_id.encode(), INVENTORY.partitions)
    return Question(INVENTORY, (place,), read, merge, counts_sold=True)
