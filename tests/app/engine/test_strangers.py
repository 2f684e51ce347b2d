from types import SimpleNamespace
from typing import Any

from aiokafka.errors import KafkaError

from app.engine.strangers import Strangers


class Producers:
    """Producers that only remember under which ids they were started."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.error: KafkaError | None = None

    def __call__(self, writer: str) -> Any:
        async def start() -> None:
            self.started.append(writer)
            if self.error is not None:
                raise self.error

        async def stop() -> None:
            """It sent nothing."""

        return SimpleNamespace(start=start, stop=stop)


def strangers(producers: Producers, *, fenced: bool = True) -> Strangers:
    engine = SimpleNamespace(
        tasks=SimpleNamespace(writer="own"), ledger=SimpleNamespace(fenced=fenced), transactional_producer=producers
    )
    found = Strangers(engine)
    found.spare({"member"})
    return found


async def test_a_writer_that_is_gone_is_ended_once_an_assignment() -> None:
    producers = Producers()
    some = strangers(producers)
    assert [await some.end("gone"), await some.end("gone")] == [True, False]
    some.spare({"member"})
    assert await some.end("gone")
    assert producers.started == ["gone", "gone"]


async def test_members_oneself_and_nobody_are_spared() -> None:
    producers = Producers()
    some = strangers(producers)
    assert not any([await some.end(writer) for writer in ("member", "own", "")])
    assert producers.started == []


async def test_one_that_could_not_be_ended_is_tried_again() -> None:
    producers = Producers()
    producers.error = KafkaError("no broker")
    some = strangers(producers)
    assert not await some.end("gone")
    producers.error = None
    assert await some.end("gone")


async def test_without_transactions_nothing_is_ever_open() -> None:
    producers = Producers()
    assert not await strangers(producers, fenced=False).end("gone")
    assert producers.started == []
