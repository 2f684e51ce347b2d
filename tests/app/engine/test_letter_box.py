from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from app.delivery.dead_letters import letter
from app.engine.idempotent import IdempotentProducer
from app.engine.letter_box import LETTER_TOPICS, LetterBox, LetterId
from app.engine.topic_admin import topics_ready
from app.engine.topic_specs import SPECS
from app.settings import Refused, Settings

PAYMENTS = "payment-events"
CUT = 0  # the partition of the letter that is cut, which stays


class Record(NamedTuple):
    key: bytes | None
    value: bytes | None
    partition: int
    offset: int
    timestamp: int = 1_700_000_000_000


@pytest.fixture(params=["tansu", "own_kafka"])
def options(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"bootstrap_servers": request.getfixturevalue(request.param)}


@pytest.fixture
async def opened(options: dict[str, Any]) -> AsyncIterator[Any]:
    """Opens letter boxes, one after the other, as one command after the other would."""
    async with AsyncExitStack() as stack:
        ready = topics_ready(Settings(), SPECS, options=options, say=lambda line: None)
        admin = await stack.enter_async_context(ready)
        yield lambda: LetterBox(options, admin)


async def bury(options: dict[str, Any], *records: Record, reason: str = "invalid-value") -> None:
    async with IdempotentProducer(**options, max_request_size=104_857_600) as producer:
        for record in records:
            key, value, headers = letter(record, PAYMENTS, reason=reason, error="currency", attempts=1)
            batch = producer.create_batch()
            batch.append(timestamp=None, key=key, value=value, headers=list(headers))
            await (await producer.send_batch(batch, f"{PAYMENTS}-dlt", partition=record.partition))


async def listed(box: LetterBox) -> list[str]:
    found = [found.id async for found in box.letters(LETTER_TOPICS, lambda n, total: None)]
    return sorted(str(id) for id in found if id.partition != CUT)


async def test_letters_are_listed_until_they_are_dealt_with(options: dict[str, Any], opened: Any) -> None:
    await bury(options, Record(b"a", b"\x00\xff", 1, 10), Record(None, None, 2, 20), Record(b"c", b"{}", 2, 21))
    ids = [f"{PAYMENTS}-dlt:{at}" for at in ("1:0", "2:0", "2:1")]
    async with opened() as box:
        assert await listed(box) == ids
        first, second = [await box.letter(LetterId.parse(text)) for text in ids[:2]]
        assert await box.replay(first) is None
        await box.discard(second)
    async with opened() as box:
        assert await listed(box) == ids[2:]
        assert box.is_done(first.id)
        again = await box.letter(first.id)
        assert (again.key, again.value, again.letter.offset) == (b"a", b"\x00\xff", 10)
        assert await box.letter(LetterId(f"{PAYMENTS}-dlt", 5, 0)) is None
    consumer = AIOKafkaConsumer(**options, auto_offset_reset="earliest")
    await consumer.start()
    consumer.assign([TopicPartition(PAYMENTS, n) for n in range(6)])
    back = await consumer.getone()
    assert (back.partition, back.key, back.value, back.headers) == (1, b"a", b"\x00\xff", ())
    await consumer.stop()


async def test_what_was_cut_is_not_replayed(options: dict[str, Any], opened: Any) -> None:
    await bury(options, Record(b"big", b"x" * 67_108_865, CUT, 1))
    async with opened() as box:
        found = await box.letter(LetterId(f"{PAYMENTS}-dlt", CUT, 0))
        assert found.letter.truncated
        assert "too large" in (await box.replay(found) or "")
        assert not box.is_done(found.id)


@pytest.mark.parametrize(
    "text", ["", "x", "payment-events:0:0", "payment-events-dlt:6:0", "payment-events-dlt:0", "payment-events-dlt:0:-1"]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="is no letter's id"):
        LetterId.parse(text)
