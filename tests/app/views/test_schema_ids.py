from typing import Any

import fastavro
import orjson
import pytest


async def test_every_bundled_schema_can_be_had(one: Any) -> None:
    names = []
    for number in range(1, 6):
        answer = await one.get(f"/schemas/ids/{number}")
        assert answer.headers["Content-Type"] == "application/vnd.schemaregistry.v1+json"
        names.append(fastavro.parse_schema(orjson.loads(answer.json["schema"]))["name"])
    assert names == [
        "com.agoda.events.BookingEvent", "com.agoda.events.BookingEvent", "com.cpaxtra.events.InventoryEvent",
        "com.agoda.events.PaymentEvent", "com.agoda.events.PaymentCompleted",
    ]  # fmt: skip


@pytest.mark.parametrize("number", ["0", "6", "-1", "x", "99999999999999999999", "%D9%A1", "1.0"])
async def test_an_unknown_id_is_what_registry_clients_expect(one: Any, number: str) -> None:
    answer = await one.get(f"/schemas/ids/{number}")
    assert answer.status == 404
    assert answer.problem["error_code"] == 40403


async def test_what_registry_clients_add_is_accepted(one: Any) -> None:
    assert (await one.get("/schemas/ids/1?subject=booking-events-value&fetchMaxId=false")).status == 200
