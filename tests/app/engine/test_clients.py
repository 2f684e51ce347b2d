import pytest

from app.engine.clients import start_all, stop_all


class Client:
    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.events: list[str] = []

    async def start(self) -> None:
        self.events.append("start")
        if self._error is not None:
            raise self._error

    async def stop(self) -> None:
        self.events.append("stop")


class Admin:
    def __init__(self) -> None:
        self.closed = False

    async def close(self) -> None:
        self.closed = True


async def test_all_are_started_and_stopped() -> None:
    one, other, admin = Client(), Client(), Admin()
    await start_all(one, other)
    await stop_all(one, other, admin)
    assert one.events == other.events == ["start", "stop"]
    assert admin.closed


async def test_none_stays_open_when_one_can_t_start() -> None:
    one, other = Client(), Client(ConnectionError("no broker"))
    with pytest.raises(ConnectionError, match="no broker"):
        await start_all(one, other)
    assert one.events == other.events == ["start", "stop"]
