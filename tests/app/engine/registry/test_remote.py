from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.domain.poison import DOES_NOT_FIT_SCHEMA, UNKNOWN_SCHEMA, Poison
from app.engine.decode import Decoder
from app.engine.decode.registry import RegistryUnavailable
from app.engine.registry import remote
from app.engine.registry.client import RegistryClient
from app.engine.registry.kept import KeptSchemas
from app.engine.registry.remote import RemoteRegistry
from app.engine.registry.texts import TEXT_BYTES_MAX, UNREADABLE
from schemas.bundled import BUNDLED, PAYMENT_EVENT, schema_text
from tests.app.engine.registry.stand_in import StandIn, until

SUBJECT = "payment-completed-value"
OUTPUTS = {SUBJECT: schema_text(5)}


@asynccontextmanager
async def running(stand_in: StandIn, directory: Path) -> AsyncIterator[RemoteRegistry]:
    registry = RemoteRegistry(RegistryClient(stand_in.url), KeptSchemas(directory, stand_in.url), OUTPUTS)
    async with registry:
        yield registry


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    async with StandIn() as stand_in:
        stand_in.answers["POST", f"/subjects/{SUBJECT}"] = (200, {"version": 1, "id": 31, "schema": OUTPUTS[SUBJECT]})
        yield stand_in


@pytest.fixture
async def registry(stand_in: StandIn, tmp_path: Path) -> AsyncIterator[RemoteRegistry]:
    async with running(stand_in, tmp_path) as registry:
        yield registry


async def answered(registry: RemoteRegistry, schema_id: int) -> Any:
    """What the registry says of an id in the end."""

    def known() -> bool:
        try:
            registry.writer_schema(schema_id)
        except RegistryUnavailable:
            return False
        return True

    await until(known)
    return registry.writer_schema(schema_id)


async def test_an_id_is_asked_for_once(registry: RemoteRegistry, stand_in: StandIn) -> None:
    stand_in.has(9, BUNDLED[PAYMENT_EVENT])
    with pytest.raises(RegistryUnavailable):
        registry.writer_schema(9)
    assert await answered(registry, 9) == BUNDLED[PAYMENT_EVENT]
    assert registry.writer_schema(9) is registry.writer_schema(9)
    assert stand_in.asked.count(("GET", "/schemas/ids/9")) == 1


async def test_that_there_is_none_is_asked_again_after_a_while(
    registry: RemoteRegistry, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await answered(registry, 9) is None
    stand_in.has(9, BUNDLED[PAYMENT_EVENT])
    assert registry.writer_schema(9) is None
    now = remote.monotonic() + remote.ABSENT_S
    monkeypatch.setattr(remote, "monotonic", lambda: now)
    assert await answered(registry, 9) == BUNDLED[PAYMENT_EVENT]


async def test_an_outage_ends_with_an_answer(registry: RemoteRegistry, stand_in: StandIn) -> None:
    stand_in.has(9, BUNDLED[PAYMENT_EVENT])
    await stand_in.stop()
    with pytest.raises(RegistryUnavailable):
        registry.writer_schema(9)
    await until(lambda: not registry.reachable)
    with pytest.raises(RegistryUnavailable):
        registry.writer_schema(9)
    await stand_in.go()
    assert await answered(registry, 9) == BUNDLED[PAYMENT_EVENT]
    await until(lambda: registry.reachable)


async def test_an_id_the_registry_fails_on_keeps_no_other_waiting(registry: RemoteRegistry, stand_in: StandIn) -> None:
    stand_in.answers["GET", "/schemas/ids/1"] = (500, {"error_code": 50001})
    stand_in.has(2, BUNDLED[PAYMENT_EVENT])
    for schema_id in (1, 2):
        with pytest.raises(RegistryUnavailable):
            registry.writer_schema(schema_id)
    assert await answered(registry, 2) == BUNDLED[PAYMENT_EVENT]
    with pytest.raises(RegistryUnavailable):
        registry.writer_schema(1)


async def test_a_start_in_an_outage_knows_what_was_known_before(stand_in: StandIn, tmp_path: Path) -> None:
    stand_in.has(9, BUNDLED[PAYMENT_EVENT])
    async with running(stand_in, tmp_path) as registry:
        await answered(registry, 9)
        await until(lambda: bool(list(tmp_path.rglob("*.id"))))
    await stand_in.stop()
    async with running(stand_in, tmp_path) as registry:
        assert registry.writer_schema(9) == BUNDLED[PAYMENT_EVENT]
        assert registry.output_id(SUBJECT) == 31


async def test_what_we_write_has_the_registry_s_id_and_is_registered_where_missing(
    stand_in: StandIn, tmp_path: Path
) -> None:
    known = stand_in.answers.pop(("POST", f"/subjects/{SUBJECT}"))
    stand_in.answers["POST", f"/subjects/{SUBJECT}/versions"] = (409, {"error_code": 409, "message": "no"})
    async with running(stand_in, tmp_path) as registry:
        await until(lambda: not registry.reachable)
        with pytest.raises(RegistryUnavailable):
            registry.output_id(SUBJECT)
        assert ("POST", f"/subjects/{SUBJECT}/versions") in stand_in.asked
        stand_in.answers["POST", f"/subjects/{SUBJECT}"] = known
        await until(lambda: registry.reachable)
        assert registry.output_id(SUBJECT) == 31


def nested(levels: int) -> str:
    return '{"type":"array","items":' * levels + '"int"' + "}" * levels


RECURSIVE = {
    "type": "record",
    "name": "com.agoda.events.PaymentEvent",
    "fields": [{"name": "a", "type": "PaymentEvent"}],
}


@pytest.mark.parametrize(
    "schema",
    [
        "",
        "null",
        "{",
        nested(5_000),
        '"' + "x" * TEXT_BYTES_MAX + '"',
        '"' + "x" * (2 << 20) + '"',
        RECURSIVE,
        {"type": "record", "name": "R", "fields": [{"name": "a", "type": "Nowhere"}]},
        {"type": ["null", "int", {"type": "map"}]},
        "[]",
    ],
    ids=lambda schema: str(schema)[:20],
)
async def test_a_hostile_schema_makes_poison_and_nothing_worse(
    registry: RemoteRegistry, stand_in: StandIn, schema: Any
) -> None:
    stand_in.has(9, schema)
    await answered(registry, 9)
    (found,) = Decoder("payment-events", registry).decode([Sent(b"\0\0\0\0\x09\2")])
    assert isinstance(found, Poison)
    assert found.reason == DOES_NOT_FIT_SCHEMA


@pytest.mark.parametrize("more", [{"schemaType": "PROTOBUF"}, {"references": [{"name": "a"}]}])
async def test_other_formats_and_references_are_not_read(
    registry: RemoteRegistry, stand_in: StandIn, more: dict[str, Any]
) -> None:
    stand_in.has(9, BUNDLED[PAYMENT_EVENT], **more)
    assert await answered(registry, 9) is UNREADABLE


async def test_many_large_schemas_stay_within_a_limit(registry: RemoteRegistry, stand_in: StandIn) -> None:
    size = TEXT_BYTES_MAX - 20
    count = remote.ALL_TEXTS_BYTES_MAX // size + 3
    for schema_id in range(count):
        stand_in.has(schema_id, '"' + "x" * size + '"')
        await answered(registry, schema_id)
    assert registry._bytes <= remote.ALL_TEXTS_BYTES_MAX
    assert len(registry._schemas) < count
    await answered(registry, 0)


async def test_all_ids_of_a_list_are_asked_for_together(registry: RemoteRegistry, stand_in: StandIn) -> None:
    decoder = Decoder("payment-events", registry)
    records = [Sent(b"\0\0\0" + n.to_bytes(2, "big") + b"\2") for n in range(400)]

    def decoded() -> bool:
        try:
            return {found.reason for found in decoder.decode(records) if isinstance(found, Poison)} == {UNKNOWN_SCHEMA}
        except RegistryUnavailable:
            return False

    await until(decoded)
    assert len([path for _, path in stand_in.asked if "ids" in path]) == 400


class Sent:
    """A record of a stranger's."""

    key, timestamp = b"p", 1_700_000_000_000

    def __init__(self, value: bytes) -> None:
        self.value = value
