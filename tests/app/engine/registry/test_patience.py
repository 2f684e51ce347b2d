import pytest

from app.engine.registry import patience
from app.engine.registry.client import RegistryDown
from app.engine.registry.patience import patiently


class Starting:
    """Answers when it was asked often enough."""

    def __init__(self, times: int) -> None:
        self.left = times

    async def ask(self) -> str:
        self.left -= 1
        if self.left:
            raise RegistryDown("starting")
        return "here"


async def test_it_asks_until_there_is_an_answer() -> None:
    assert await patiently(Starting(3).ask, every_s=0.01) == "here"


async def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE_S", 0.0)
    with pytest.raises(RegistryDown, match="starting"):
        await patiently(Starting(9).ask, every_s=0.01)
