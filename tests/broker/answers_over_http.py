"""Asks workers for every row over HTTP, one after another in turn, and keeps what they say."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp

from app.simulator.reference.answers import Answer, Answers, date
from app.simulator.reference.windows import Question
from tests.broker.window_questions import path, questions

AT_ONCE = 40
FEW_AT_ONCE = 6
ASK_SECONDS = 30
MOST_NIGHTS = 731
MOST_ROWS = 1_000
MOST_ITEMS = 300
WINDOW_QUESTIONS = 60

Key = TypeVar("Key")


class Fleet:
    """Workers by their URLs; asked in turn, so that most questions go through a worker that does not hold the row."""

    def __init__(self, urls: Sequence[str], session: aiohttp.ClientSession) -> None:
        self._urls = itertools.cycle(urls)
        self._session = session
        self._gate = asyncio.Semaphore(AT_ONCE)
        self.as_of: list[dict[str, Any]] = []  # of the latest answer

    async def get(self, path: str) -> Answer | None:
        """The answer without its asOf, None for 404; asks again on 503 or a closed connection, for a while."""
        deadline = time.monotonic() + ASK_SECONDS
        async with self._gate:
            while True:
                status, answer = await self._ask(next(self._urls) + path)
                if status == 200:
                    self.as_of = answer.pop("asOf")
                    assert self.as_of, "an answer from tables says as of when it is"
                    return answer
                if status == 404:
                    return None
                assert status in (0, 503), f"{path}: {status} {answer}"
                assert time.monotonic() < deadline, f"{path}: {status} {answer} for {ASK_SECONDS} s"
                await asyncio.sleep(0.2)

    async def _ask(self, url: str) -> tuple[int, Any]:
        try:
            async with self._session.get(url, timeout=aiohttp.ClientTimeout(ASK_SECONDS)) as answer:
                return answer.status, await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError) as error:
            return 0, type(error).__name__

    async def there(self, path: str) -> Answer:
        """The answer; fails on 404."""
        answer = await self.get(path)
        assert answer is not None, f"{path}: 404"
        return answer

    async def store(self, store: str) -> list[Answer]:
        """All rows of a store, page by page."""
        rows: list[Answer] = []
        after = ""
        while True:
            page = await self.there(f"/v1/stores/{quote(store, '')}/stock?limit={MOST_ROWS}{after}")
            rows += page["items"]
            if page["next"] is None:
                return rows
            after = f"&after={quote(page['next'], '')}"

    async def hotel(self, hotel: str, first: int, end: int) -> list[Answer]:
        """All nights of a hotel in [first, end)."""
        nights: list[Answer] = []
        for start in range(first, end, MOST_NIGHTS):
            until = min(start + MOST_NIGHTS, end)
            path = f"/v1/hotels/{quote(hotel, '')}/availability?from={date(start)}&to={date(until)}"
            nights += (await self.there(path))["nights"]
        return nights

    async def overbooked(self, first: int, end: int) -> list[Answer]:
        """The first overbooked nights in [first, end), up to the highest limit."""
        nights: list[Answer] = []
        for start in range(first, end, MOST_NIGHTS):
            path = f"/v1/overbooked?from={date(start)}&to={date(min(start + MOST_NIGHTS, end))}&limit={MOST_ROWS}"
            nights += (await self.there(path))["nights"]
        return nights[:MOST_ROWS]

    async def windows(self, asked: list[Question]) -> dict[Question, list[Answer]]:
        """The windows of each question."""
        few = asyncio.Semaphore(FEW_AT_ONCE)  # each of them asks the whole fleet, and most want a day by the minute

        async def ask(question: Question) -> list[Answer]:
            async with few:
                return list((await self.there(path(question)))["windows"])

        return await _each(asked, ask)


async def observe(fleet: Fleet, answers: Answers, *, low_stock_max: int = 20) -> dict[str, Any]:
    """Everything over HTTP that the checker compares, by the names of its Observed; `answers` only says what to ask."""
    hotels = {hotel: answers.night_range(hotel) for hotel in answers.hotel_ids()}
    first = min((nights[0] for nights in hotels.values()), default=0)
    end = max((nights[1] for nights in hotels.values()), default=1)
    rows = [(store, answers.store_stock(store)[0]["itemId"]) for store in answers.store_ids()]
    return {
        "stores": await _each(answers.store_ids(), fleet.store),
        "rows": await _each(rows, lambda row: fleet.get(f"/v1/stores/{quote(row[0], '')}/stock/{quote(row[1], '')}")),
        "items": await _each(_part(answers.item_ids()), lambda item: fleet.there(f"/v1/items/{quote(item, '')}/stock")),
        "hotels": await _each(hotels, lambda hotel: fleet.hotel(hotel, *hotels[hotel])),
        "bookings": await _each(answers.booking_ids(), lambda id_: fleet.get(f"/v1/bookings/{quote(id_, '')}")),
        "payments": await _each(answers.payment_ids(), lambda id_: fleet.get(f"/v1/payments/{quote(id_, '')}")),
        "low_stock": (await fleet.there(f"/v1/low-stock?threshold={low_stock_max}&limit={MOST_ROWS}"))["items"],
        "overbooked": await fleet.overbooked(first, end),
        "windows": await fleet.windows(questions(answers, WINDOW_QUESTIONS)),
    }


def _part(items: list[str]) -> list[str]:
    # Each of these asks every partition of the fleet, and says nothing that the stores' rows did not say.
    return items[:: max(len(items) // MOST_ITEMS, 1)]


async def _each(keys: Iterable[Key], ask: Callable[[Key], Awaitable[Any]]) -> dict[Key, Any]:
    known = list(keys)
    return dict(zip(known, await asyncio.gather(*(ask(key) for key in known)), strict=True))
