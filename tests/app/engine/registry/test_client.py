from collections.abc import AsyncIterator

import pytest

from app.engine.registry.client import (
    ANSWER_BYTES_MAX,
    RegistryClient,
    RegistryDown,
    RegistryRefused,
    TooLarge,
    Version,
)
from tests.app.engine.registry.stand_in import StandIn

VERSION = {"subject": "s", "version": 2, "id": 7, "schema": '{"type": "int"}'}


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    async with StandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def client(stand_in: StandIn) -> AsyncIterator[RegistryClient]:
    client = RegistryClient(stand_in.url + "/")
    yield client
    await client.close()


async def test_a_schema_or_that_there_is_none(client: RegistryClient, stand_in: StandIn) -> None:
    stand_in.has(1, {"type": "int"})
    assert await client.schema(1) == {"schema": '{"type":"int"}'}
    assert await client.schema(2) is None


@pytest.mark.parametrize(
    "answer",
    [
        (404, {"error_code": 404, "message": "no such page"}),  # of whatever stands before the registry
        (404, b"<html>"),
        (200, b"<html>"),
        (200, [1]),
        (401, {"error_code": 40101}),
        (403, {"error_code": 40301}),
        (429, {"error_code": 42901}),
        (500, {"error_code": 50001}),
        (503, b""),
    ],
)
async def test_what_is_no_answer_is_no_registry(
    client: RegistryClient, stand_in: StandIn, answer: tuple[int, object]
) -> None:
    stand_in.answers["GET", "/schemas/ids/1"] = answer
    with pytest.raises(RegistryDown):
        await client.schema(1)


async def test_nobody_there(client: RegistryClient, stand_in: StandIn) -> None:
    await stand_in.stop()
    with pytest.raises(RegistryDown, match="can't be reached"):
        await client.schema(1)


async def test_an_answer_has_a_limit(client: RegistryClient, stand_in: StandIn) -> None:
    stand_in.has(1, "x" * ANSWER_BYTES_MAX)
    with pytest.raises(TooLarge):
        await client.schema(1)


async def test_a_version_is_found_by_its_text_or_by_the_same_json(client: RegistryClient, stand_in: StandIn) -> None:
    assert await client.lookup("s", '{"type":"int"}') is None
    stand_in.answers["GET", "/subjects/s/versions"] = (200, [2])
    stand_in.answers["GET", "/subjects/s/versions/2"] = (200, VERSION)
    assert await client.lookup("s", '{"type":"int"}') == Version(2, 7, '{"type": "int"}')
    assert await client.lookup("s", '{"type":"long"}') is None
    stand_in.answers["POST", "/subjects/s"] = (200, {**VERSION, "id": 8})
    assert (await client.lookup("s", "anything") or VERSION)[1] == 8


async def test_a_refusal_carries_the_registry_s_words(client: RegistryClient, stand_in: StandIn) -> None:
    stand_in.answers["POST", "/subjects/s/versions"] = (409, {"error_code": 409, "message": "a reader can't"})
    with pytest.raises(RegistryRefused, match="a reader can't"):
        await client.register("s", "{}")
    stand_in.answers["POST", "/subjects/s/versions"] = (200, {"id": "7"})
    with pytest.raises(RegistryDown, match="no id"):
        await client.register("s", "{}")


async def test_compatibility(client: RegistryClient, stand_in: StandIn) -> None:
    path = "/compatibility/subjects/a%2Fb/versions"
    assert await client.incompatibility("a/b", "{}") is None
    stand_in.answers["POST", "/compatibility/subjects/a/b/versions"] = (200, {"is_compatible": True})
    assert await client.incompatibility("a/b", "{}") is None
    assert stand_in.asked[-1] == ("POST", f"{path}?verbose=true")
    stand_in.answers["POST", "/compatibility/subjects/a/b/versions"] = (
        200,
        {"is_compatible": False, "messages": ["no"]},
    )
    assert await client.incompatibility("a/b", "{}") == "['no']"


async def test_levels(client: RegistryClient, stand_in: StandIn) -> None:
    stand_in.answers["GET", "/config/s"] = (404, {"error_code": 40408})
    assert await client.level("s") is None
    stand_in.answers["GET", "/config/s"] = (200, {"compatibilityLevel": "FULL"})
    assert await client.level("s") == "FULL"
    with pytest.raises(RegistryDown):
        await client.set_level("s", "FULL")
    stand_in.answers["PUT", "/config/s"] = (200, {"compatibility": "FULL"})
    await client.set_level("s", "FULL")
