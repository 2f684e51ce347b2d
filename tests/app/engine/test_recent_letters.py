from contextlib import AsyncExitStack

import pytest

from app.delivery.dead_letters import letter
from app.engine.idempotent import IdempotentProducer
from app.engine.letter_box import LetterBox, LetterId
from app.engine.recent_letters import FRESH_SECONDS, PER_PARTITION, RecentLetters
from app.engine.topic_admin import topics_ready
from app.engine.topic_specs import SPECS
from app.settings import Settings
from tests.app.engine.test_letter_box import Record

TOPIC = "booking-events"


@pytest.fixture
async def recent(tansu: str) -> RecentLetters:
    """Of a broker with 30 letters in one partition and one in another."""
    options = {"bootstrap_servers": tansu}
    settings = Settings(broker=f"kafka://{tansu}", replication_factor=1)
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(topics_ready(settings, SPECS, options=options, say=lambda line: None))
        producer = await stack.enter_async_context(IdempotentProducer(**options))
        for number in range(31):
            record = Record(b"key", b"value", 3 if number else 5, number, timestamp=number)
            key, value, headers = letter(record, TOPIC, reason="invalid-value", error="rooms", attempts=1)
            await producer.send_and_wait(f"{TOPIC}-dlt", value, key=key, partition=record.partition, headers=[*headers])
        async with LetterBox(options, admin) as box:
            done = await box.letter(LetterId(f"{TOPIC}-dlt", 3, 28))
            assert done is not None
            await box.discard(done)
    return RecentLetters(settings)


async def test_the_newest_of_each_partition_that_nobody_dealt_with(recent: RecentLetters) -> None:
    found = await recent.read()
    offsets = [(seen.letter.partition, seen.letter.offset) for seen in found]
    newest = [number for number in range(30, 30 - PER_PARTITION, -1) if number != 29]
    assert offsets == [(3, number) for number in newest] + [(5, 0)]
    assert {(seen.letter.reason, seen.letter.error) for seen in found} == {("invalid-value", "rooms")}


async def test_what_was_read_stays_good_for_a_while(recent: RecentLetters, monkeypatch: pytest.MonkeyPatch) -> None:
    now, reads = 0.0, 0
    read = recent._read

    async def counted() -> list[object]:
        nonlocal reads
        reads += 1
        return list(await read())

    monkeypatch.setattr(recent, "_read", counted)
    monkeypatch.setattr(recent, "_clock", lambda: now)
    assert len(await recent.read()) == PER_PARTITION
    now = FRESH_SECONDS - 0.1
    assert len(await recent.read()) == PER_PARTITION
    assert reads == 1
    now = FRESH_SECONDS + 0.1
    assert len(await recent.read()) == PER_PARTITION
    assert reads == 2
