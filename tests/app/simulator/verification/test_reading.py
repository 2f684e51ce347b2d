import pytest
from aiokafka.admin import AIOKafkaAdminClient

from app.commands.console import say
from app.commands.sending import SOURCES
from app.engine.connection import client_options
from app.engine.topic_admin import topics_ready
from app.settings import Refused, Settings
from app.simulator.outgoing import Outgoing
from app.simulator.publisher import publish
from app.simulator.verification.reading import Bounds, Reader

TOPIC = "payment-events"


async def read(reader: Reader, partition: int, bounds: Bounds) -> list[bytes]:
    return [record.value async for record in reader.records(TOPIC, partition, bounds)]


async def test_a_stretch_is_read_to_its_end_and_no_further(embedded: Settings) -> None:
    options, told = client_options(embedded), list[int]()
    async with topics_ready(embedded, SOURCES, options=options, say=say) as admin:
        assert isinstance(admin, AIOKafkaAdminClient)
        records = [Outgoing(TOPIC, b"P1", b"%d" % number) for number in range(100)]
        await publish(options, records, advance=lambda _record: None)
        async with Reader(options, admin, advance=told.append) as reader:
            bounds = await reader.bounds([TOPIC])
            (home,) = [partition for (_topic, partition), at in bounds.items() if at.end]
            assert bounds[TOPIC, home] == Bounds(0, 100)
            assert await read(reader, home, Bounds(0, 100)) == [record.value for record in records]
            assert await read(reader, home, Bounds(90, 95)) == [b"90", b"91", b"92", b"93", b"94"]
            assert await read(reader, home, Bounds(95, 95)) == []
            assert await read(reader, (home + 1) % 6, Bounds(0, 0)) == []
    assert sum(told) == 105


async def test_records_that_never_come_are_not_waited_for_for_ever(
    embedded: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.simulator.verification.reading.PATIENCE_SECONDS", 0.5)
    options = client_options(embedded)
    async with (
        topics_ready(embedded, SOURCES, options=options, say=say) as admin,
        Reader(options, admin, advance=lambda _count: None) as reader,
    ):
        with pytest.raises(Refused, match="gives no records of payment-events, partition 2, from offset 0 on"):
            await read(reader, 2, Bounds(0, 5))
