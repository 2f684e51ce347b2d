import asyncio
import contextlib
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaError

from app.engine import offset_watch
from app.engine.idempotent import IdempotentProducer
from app.engine.offset_watch import OffsetWatch
from app.engine.topic_admin import topics_ready
from app.engine.topic_specs import SPECS
from app.settings import Settings


def watch(address: str) -> OffsetWatch:
    options = {"bootstrap_servers": address, "request_timeout_ms": 3_000}
    app = SimpleNamespace(conf=SimpleNamespace(id="stayshelf"))
    return OffsetWatch(SimpleNamespace(client_options=lambda: options, app=app))


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - a condition, not an event
            await asyncio.sleep(0.02)


async def test_offsets_of_all_sources_are_known_soon(tansu: str) -> None:
    options = {"bootstrap_servers": tansu}
    async with topics_ready(Settings(_env_file=None), SPECS, options=options, say=lambda line: None):
        async with IdempotentProducer(**options) as producer:
            for _ in range(3):
                await producer.send_and_wait("payment-events", b"x", partition=4)
        async with watch(tansu) as offsets:
            await until(lambda: offsets.end_offsets and offsets.start_offsets)
            assert offsets.end_offsets["payment-events", 4] == 3
            assert offsets.end_offsets["payment-events", 0] == 0
            assert offsets.start_offsets["payment-events", 4] == 0
            assert len(offsets.end_offsets) == 24 + 24 + 12 + 3 * 6
            assert ("stayshelf-reservations", 0) not in offsets.group_offsets
            assert await offsets.latest_end("payment-events", 4) == 3


async def test_without_a_connection_it_says_so() -> None:
    with pytest.raises(KafkaError, match="not connected"):
        await watch("127.0.0.1:1").latest_end("payment-events", 0)


def test_a_stable_offset_that_stands_still_has_an_age(monkeypatch: pytest.MonkeyPatch) -> None:
    offsets, at = watch("127.0.0.1:1"), ("payment-events", 1)
    clock = [100.0]
    monkeypatch.setattr(offset_watch, "monotonic", lambda: clock[0])

    def look(stable: int, end: int) -> float:
        offsets.end_offsets, offsets.log_ends = {at: stable}, {at: end}
        offsets._note_stalled(clock[0])
        return offsets.stalled_s(*at)

    assert look(5, 5) == 0
    assert look(5, 6) == 0
    clock[0] += 3
    assert look(5, 9) == 3
    clock[0] += 3
    assert look(7, 9) == 0  # it moved, and is short of the end again
    clock[0] += 1
    assert look(7, 9) == 1
    assert look(9, 9) == 0


def test_lag_is_from_the_end_or_from_the_stable_offset() -> None:
    offsets, at = watch("127.0.0.1:1"), ("payment-events", 1)
    offsets.start_offsets, offsets.claimed = {at: 4}, {at: -1}
    offsets.end_offsets, offsets.log_ends = {at: 8}, {at: 12}
    assert (offsets.lag(*at), offsets.lag(*at, stable=True)) == (8, 4)
    offsets.claimed = {at: 10}
    assert (offsets.lag(*at), offsets.lag(*at, stable=True)) == (2, 0)


async def test_a_worker_may_end_in_the_middle_of_a_look(tansu: str, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"bootstrap_servers": tansu}
    async with topics_ready(Settings(_env_file=None), SPECS, options=options, say=lambda line: None):
        offsets = watch(tansu)
        await offsets._look()
        whole, closing = offset_watch.end_offsets, []

        async def while_closing(*args: Any) -> Any:
            found = await whole(*args)
            if not closing:
                closing.append(asyncio.ensure_future(offsets._close()))
                await asyncio.sleep(0)  # the clients are let go of before the look goes on
            return found

        monkeypatch.setattr(offset_watch, "end_offsets", while_closing)
        with contextlib.suppress(KafkaError):  # what its loop knows to expect
            await offsets._look()
        await closing[0]
