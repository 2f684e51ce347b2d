from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.broker.harness import Harness


@pytest.fixture
async def harness(kafka: str, tmp_path: Path) -> AsyncIterator[Harness]:
    """Fresh topics on a real Kafka, and nothing that runs yet."""
    async with Harness(kafka, tmp_path) as harness:
        yield harness
