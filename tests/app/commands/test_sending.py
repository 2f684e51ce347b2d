import pytest

from app.commands.sending import SOURCES, Sending, send
from app.settings import Refused, Settings
from app.simulator.outgoing import Outgoing
from schemas.bundled import SUBJECTS
from tests.app.engine.registry.stand_in import StandIn
from tests.app.records import records_of


def test_the_sources_are_the_three_of_the_contract() -> None:
    assert {spec.name: spec.partitions for spec in SOURCES} == {
        "booking-events": 12,
        "inventory-events": 24,
        "payment-events": 6,
    }


async def test_missing_topics_are_created_and_what_was_sent_is_said(
    embedded: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    records = [Outgoing("payment-events", b"P%d" % number, b"{}") for number in range(7)]
    assert await send(embedded, Sending("sending", records, 7, done=float)) == 0
    assert capsys.readouterr().out.endswith("payment-events 7\n")
    assert len(await records_of(embedded, ["payment-events"])) == 7


async def test_a_record_the_broker_refuses_is_counted(embedded: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    records = [Outgoing("payment-events", b"P1", b"x" * 2_000_000), Outgoing("payment-events", b"P1", b"{}")]
    assert await send(embedded, Sending("sending", records, 2, done=float)) == 1
    shown = capsys.readouterr()
    assert "sent 1 events" in shown.out
    assert "1 events were refused by the broker: MessageSizeTooLargeError" in shown.err


async def test_avro_goes_out_under_the_registry_s_ids(embedded: Settings) -> None:
    async with StandIn() as registry:
        for subject in SUBJECTS:
            registry.answers["POST", f"/subjects/{subject}"] = (200, {"id": 70, "version": 1, "schema": "{}"})
        settings = embedded.model_copy(update={"schema_registry": registry.url})
        values = [b"\0\0\0\0\4body", b"{}", b"\0\0\0\0\xff odd", b"\0"]
        records = [Outgoing("payment-events", b"P", value) for value in values]
        assert await send(settings, Sending("sending", records, 4, done=float)) == 0
    sent = [record.value for record in await records_of(embedded, ["payment-events"])]
    assert sent == [b"\0\0\0\0\x46body", *values[1:]]


async def test_without_a_registry_nothing_is_sent(embedded: Settings) -> None:
    settings = embedded.model_copy(update={"schema_registry": "http://127.0.0.1:9"})
    with pytest.raises(Refused, match="STAYSHELF_SCHEMA_REGISTRY: the registry can't be reached"):
        await send(settings, Sending("sending", [], 0, done=float))
