from collections.abc import AsyncIterator

import pytest

from app.engine.registry.client import RegistryClient, RegistryDown, RegistryRefused
from app.engine.registry.subjects import LEVEL, check, ids, listed, register
from app.settings import Refused
from schemas.bundled import BUNDLED, SUBJECTS
from tests.app.engine.registry.stand_in import StandIn
from tests.broker.apicurio import Apicurio

pytestmark = pytest.mark.broker
COUNT = sum(map(len, SUBJECTS.values()))


@pytest.fixture
async def client(registry: Apicurio) -> AsyncIterator[RegistryClient]:
    client = RegistryClient(registry.url)
    yield client
    await client.close()


async def test_an_empty_registry_gets_the_bundled_ids_once(client: RegistryClient, registry: Apicurio) -> None:
    missing = await check(client)
    assert [finding.problem for finding in missing if finding.version] == ["missing"] * COUNT
    assert [finding.problem for finding in missing if not finding.version] == [
        f"compatibility is not set, must be {LEVEL}"
    ] * len(SUBJECTS)

    first = await register(client)
    assert [finding.said for finding in first] == [f"id {n}, registered" for n in range(1, COUNT + 1)]
    assert [finding.said for finding in await register(client)] == [f"id {n}, was there" for n in range(1, COUNT + 1)]
    assert not [finding for finding in await check(client) if finding.problem]

    v3 = {**BUNDLED[2], "fields": [*BUNDLED[2]["fields"], {"name": "note", "type": "string", "default": ""}]}
    registry.register("booking-events-value", v3)
    rows = {(row.subject, row.version): row for row in await listed(client)}
    assert len(rows) == COUNT + 1
    assert rows["booking-events-value", 3].ours is False
    assert all(row.level == LEVEL for row in rows.values())
    assert not [finding for finding in await check(client) if finding.problem]


async def test_an_incompatible_schema_is_found_and_refused(client: RegistryClient, registry: Apicurio) -> None:
    stranger = {"type": "record", "name": "Other", "fields": [{"name": "a", "type": "string"}]}
    registry.register("other-value", stranger)
    await client.set_level("other-value", LEVEL)
    assert "incompatible" in (await client.incompatibility("other-value", '"int"') or "").lower()
    with pytest.raises(RegistryRefused, match=r"(?i)incompatible"):
        await client.register("other-value", '"int"')


async def test_nobody_there() -> None:
    client = RegistryClient("http://127.0.0.1:9")
    for ask in (check, register, listed):
        with pytest.raises(RegistryDown):
            await ask(client)
    await client.close()


async def test_ids_of_ours_in_a_registry_that_counts_otherwise(client: RegistryClient, registry: Apicurio) -> None:
    found = await ids(client)
    assert sorted(found) == sorted(BUNDLED)
    async with StandIn() as stand_in:
        other = RegistryClient(stand_in.url)
        with pytest.raises(Refused, match="booking-events-value is not registered"):
            await ids(other)
        for subject in SUBJECTS:
            stand_in.answers["POST", f"/subjects/{subject}"] = (200, {"id": 70, "version": 1, "schema": "{}"})
        assert set((await ids(other)).values()) == {70}
        await other.close()


async def test_a_schema_somebody_registers_at_the_same_time_is_there() -> None:
    async with StandIn() as stand_in:
        client = RegistryClient(stand_in.url)
        there = (200, {"id": 3, "version": 1, "schema": "{}"})
        for subject in SUBJECTS:
            stand_in.answers["PUT", f"/config/{subject}"] = (200, {})
            stand_in.answers["POST", f"/subjects/{subject}"] = there
            stand_in.answers["POST", f"/subjects/{subject}/versions"] = (409, {"error_code": 409, "message": "no"})
        late = stand_in.answers.pop(("POST", "/subjects/payment-events-value"))
        assert [finding.subject for finding in await register(client) if finding.problem] == ["payment-events-value"]
        stand_in.later["POST", "/subjects/payment-events-value"] = late
        assert not [finding for finding in await register(client) if finding.problem]
        await client.close()
