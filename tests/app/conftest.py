from collections.abc import Iterator
from pathlib import Path

import pytest

from app.engine.data_dir import DataDir
from app.engine.embedded import EmbeddedBroker
from app.settings import Settings


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Settings]:
    """The settings of a running embedded broker of the test's own."""
    data_dir = DataDir(tmp_path / "data").claim()
    broker = EmbeddedBroker(data_dir).start()
    yield Settings(_env_file=None, broker="embedded", data_dir=tmp_path / "data")
    broker.stop()
    data_dir.close()
