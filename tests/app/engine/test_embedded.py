import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.engine.data_dir import DataDir
from app.engine.embedded import EmbeddedBroker, answers, broker_address
from app.settings import Refused, Settings

CHILD = """
import sys, time
from pathlib import Path
from app.engine.data_dir import DataDir
from app.engine.embedded import EmbeddedBroker
EmbeddedBroker(DataDir(Path(sys.argv[1])).claim()).start()
print("up", flush=True)
time.sleep(60)
"""


def test_its_address_is_known_while_it_runs(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    data_dir = DataDir(tmp_path).claim()
    (data_dir.state / "old").write_text("row")
    broker = EmbeddedBroker(data_dir).start()
    address = broker_address(settings)
    assert answers(address)
    assert list(data_dir.state.iterdir()) == []
    broker.stop()
    broker.stop()
    assert not answers(address)
    with pytest.raises(Refused, match="no embedded broker runs in"):
        broker_address(settings)
    data_dir.close()


def test_it_dies_with_a_worker_that_is_killed(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    address = broker_address(Settings(data_dir=tmp_path))
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    deadline = time.monotonic() + 5
    while answers(address):
        assert time.monotonic() < deadline
    with pytest.raises(Refused, match="no embedded broker runs in"):
        broker_address(Settings(data_dir=tmp_path))


def test_without_a_worker_there_is_no_address(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="STAYSHELF_BROKER=kafka://host:port"):
        broker_address(Settings(data_dir=tmp_path / "nothing"))


def test_a_kafka_needs_no_directory() -> None:
    assert broker_address(Settings(broker="kafka://a:1,b:2")) == "a:1,b:2"
