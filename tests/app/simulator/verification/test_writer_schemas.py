"""Writers' schemas of a verification: bundled, or asked for in a registry."""

import pytest

from app.engine.registry import patience
from app.settings import Refused
from app.simulator.reference.registered import UNREADABLE, shape_of
from app.simulator.reference.shapes import BY_ID
from app.simulator.verification.writer_schemas import WriterSchemas
from schemas.bundled import BUNDLED, PAYMENT_EVENT
from tests.app.engine.registry.stand_in import StandIn


async def test_bundled_ones_are_there() -> None:
    async with WriterSchemas("bundled") as schemas:
        await schemas.learn(b"\0\0\0\0\7")
        assert schemas.shapes == BY_ID


async def test_an_id_is_asked_for_once_with_or_without_an_answer() -> None:
    async with StandIn() as stand_in, WriterSchemas(stand_in.url) as schemas:
        stand_in.has(300, BUNDLED[PAYMENT_EVENT])
        stand_in.has(9, "no schema")
        for value in (b"\0\0\0\1\x2cbody", b"\0\0\0\0\7body", b"\0\0\0\0\x09body") * 2:
            await schemas.learn(value)
        assert schemas.shapes == {300: shape_of(BUNDLED[PAYMENT_EVENT]), 9: UNREADABLE}
        assert [path for _, path in stand_in.asked] == [f"/schemas/ids/{each}" for each in (300, 7, 9)]


async def test_values_without_an_id_ask_for_nothing() -> None:
    async with StandIn() as stand_in, WriterSchemas(stand_in.url) as schemas:
        for value in (None, b"", b"\0\0\0\0", b"{}", b"\1\0\0\0\1"):
            await schemas.learn(value)
        assert stand_in.asked == []


async def test_an_answer_that_comes_late_is_waited_for() -> None:
    async with StandIn() as stand_in, WriterSchemas(stand_in.url) as schemas:
        stand_in.has(9, BUNDLED[PAYMENT_EVENT])
        place = "GET", "/schemas/ids/9"
        stand_in.later[place] = stand_in.answers[place]
        stand_in.answers[place] = (503, {})
        await schemas.learn(b"\0\0\0\0\x09")
        assert schemas.shapes == {9: shape_of(BUNDLED[PAYMENT_EVENT])}


async def test_no_answer_for_long_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE_S", 0.0)
    stand_in = StandIn()  # its port is nobody's
    async with WriterSchemas(stand_in.url) as schemas:
        with pytest.raises(Refused, match="STAYSHELF_SCHEMA_REGISTRY: the registry can't be reached"):
            await schemas.learn(b"\0\0\0\0\x09")
