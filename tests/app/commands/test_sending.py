import pytest

from app.commands.sending import SOURCES, Sending, send
from app.settings import Settings
from app.simulator.outgoing import Outgoing
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
