from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.broker.harness import Harness
from tests.browser.shelf import Shelf, shelf
from tests.browser.window import CHROMIUM, LAUNCH


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium, the system's own; not for a whole session, because it keeps an event loop running."""
    if CHROMIUM is None:
        pytest.skip("no chromium on the PATH")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(**LAUNCH)
        yield made
        made.close()


@pytest.fixture
async def harness(kafka: str, tmp_path: Path) -> AsyncIterator[Harness]:
    """Fresh topics on a real Kafka, and nothing that runs yet."""
    async with Harness(kafka, tmp_path) as harness:
        yield harness


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """A worker that has applied the bundled sample."""
    directory: Path = tmp_path_factory.mktemp("sample")
    with shelf(directory) as made:
        made.replay()
        yield made
