import asyncio
from collections.abc import AsyncIterator

import pytest
from mode import Service

from app.engine.lasting import lasting


class Looper(Service):  # type: ignore[misc]
    """Waits for a future, as for an answer of a library."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.reason: BaseException | None = None

    @Service.task
    @lasting
    async def _listen(self) -> None:
        while not self.should_stop:
            await self.answer

    async def crash(self, reason: BaseException) -> None:
        self.reason = reason
        await super().crash(reason)


@pytest.fixture
async def looper() -> AsyncIterator[Looper]:
    looper = Looper()
    await looper.start()
    yield looper
    await looper.stop()


async def test_a_cancellation_that_leaks_in_is_a_crash(looper: Looper) -> None:
    await asyncio.sleep(0)
    looper.answer.cancel()
    async with asyncio.timeout(5):
        await looper._crashed.wait()
    assert str(looper.reason) == "Looper._listen was cancelled by nobody"


async def test_the_end_of_the_service_is_none(looper: Looper) -> None:
    await asyncio.sleep(0)
    await looper.stop()
    assert looper.reason is None


async def test_errors_stay_what_they_are(looper: Looper) -> None:
    looper.answer.set_exception(ValueError("no"))
    async with asyncio.timeout(5):
        await looper._crashed.wait()
    assert isinstance(looper.reason, ValueError)
