import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from app.delivery.dead_letters import letter
from app.engine.idempotent import IdempotentProducer
from app.engine.topic_admin import ensure_topics
from app.engine.topic_specs import SPECS
from app.settings import Settings

Faust = Callable[..., subprocess.CompletedProcess[str]]


class Record(NamedTuple):
    key: bytes | None
    value: bytes | None
    partition: int
    offset: int
    timestamp: int = 1_700_000_000_000


@pytest.fixture
async def letters(tansu: str, tmp_path: Path) -> Faust:
    """Three letters on a broker of the test's own, and the command that deals with them."""
    options = {"bootstrap_servers": tansu}
    await ensure_topics(Settings(), SPECS, options=options, say=lambda line: None)
    async with IdempotentProducer(**options) as producer:
        for n, (topic, reason) in enumerate(
            [
                ("payment-events", "invalid-value"),
                ("payment-events", "unmatched-refund"),
                ("booking-events", "invalid-value"),
            ]
        ):
            record = Record(b"key-%d" % n, b"value-%d" % n, 1, n)
            key, value, headers = letter(record, topic, reason=reason, error="rooms: 1 to 99", attempts=1)
            await producer.send_and_wait(f"{topic}-dlt", value, key=key, partition=1, headers=list(headers))
    said = {"BROKER": f"kafka://{tansu}", "GUARANTEE": "at_least_once", "REPLICATION_FACTOR": "1"}
    environment = os.environ | {f"STAYSHELF_{name}": value for name, value in said.items()}
    program = [str(Path(sys.executable).with_name("faust")), "-A", "app", "dead-letters"]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*program, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=tmp_path,
        )

    return run


def test_lists_by_topic_and_reason_without_keys_and_values(letters: Faust) -> None:
    everything = letters("list").stdout
    assert "3 dead letters\n" in everything
    assert "key-" not in everything
    assert "value-" not in everything
    filtered = letters("list", "--topic", "payment-events-dlt", "--reason", "invalid-value").stdout
    assert "payment-events-dlt:1:0" in filtered
    assert filtered.endswith("1 dead letter\n")


def test_shows_replays_and_discards(letters: Faust) -> None:
    shown = letters("show", "payment-events-dlt:1:0").stdout
    assert "key        key-0" in shown
    assert "value      value-0" in shown
    assert letters("replay", "payment-events-dlt:1:0").stdout == "1 dead letter replayed\n"
    assert letters("discard", "--reason", "unmatched-refund").stdout == "1 dead letter discarded\n"
    left = letters("list").stdout
    assert "booking-events-dlt:1:0" in left
    assert left.endswith("1 dead letter\n")
    again = letters("replay", "payment-events-dlt:1:0")
    assert again.returncode == 2
    assert "was replayed or discarded" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["replay"], "replay needs letters, --topic, --reason or --all"),
        (["show", "nonsense"], "'nonsense' is no letter's id"),
    ],
)
def test_what_it_is_not_told_right_it_refuses_in_a_line(letters: Faust, arguments: list[str], said: str) -> None:
    refused = letters(*arguments)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
