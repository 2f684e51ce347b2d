import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from app.engine.topic_specs import SPECS

Faust = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def faust(own_kafka: str, tmp_path: Path) -> Faust:
    """Runs `faust -A app ...` as a user would."""
    settings = {"BROKER": f"kafka://{own_kafka}", "REPLICATION_FACTOR": "1", "DATA_DIR": str(tmp_path)}
    environment = os.environ | {f"STAYSHELF_{name}": value for name, value in settings.items()}
    program = Path(sys.executable).with_name("faust")

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [str(program), "-A", "app", *arguments]
        return subprocess.run(
            command, env=environment | more, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path
        )

    return run


async def test_checks_creates_and_reports(faust: Faust, own_kafka: str) -> None:
    missing = faust("topics", "--check")
    assert missing.returncode == 1
    assert missing.stdout.count(": missing") == len(SPECS)

    created = faust("topics")
    assert created.returncode == 0
    assert created.stdout.count("created  ") == len(SPECS)
    checked = faust("topics", "--check")
    assert checked.returncode == 0
    assert checked.stdout == f"{len(SPECS)} topics: 0 created, 0 differing\n"

    admin = AIOKafkaAdminClient(bootstrap_servers=own_kafka)
    await admin.start()
    await admin.delete_topics(["payment-completed"])
    await _until_gone(admin, "payment-completed")
    await admin.create_topics([NewTopic("payment-completed", 5, 1)])
    await admin.close()

    differing = faust("topics")
    assert differing.returncode == 0
    assert "differs  payment-completed: partitions is 5, must be 6" in differing.stdout
    worker = faust("worker", "--web-port", "16066")
    assert worker.returncode == 2
    assert "payment-completed: partitions is 5, must be 6" in worker.stderr
    assert "Traceback" not in worker.stderr


async def _until_gone(admin: AIOKafkaAdminClient, topic: str) -> None:
    while topic in await admin.list_topics():
        pass


def test_without_an_embedded_broker_it_says_what_to_do(faust: Faust) -> None:
    refused = faust("topics", STAYSHELF_BROKER="embedded")
    assert refused.returncode == 2
    assert "no embedded broker runs in" in refused.stderr
    assert refused.stderr.count("\n") == 1
