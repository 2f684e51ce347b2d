"""What holds for every test: no settings of the shell around it, and a broker where one is needed."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest

from app.engine.data_dir import DataDir
from app.engine.embedded import EmbeddedBroker
from app.settings import PREFIX, TEST_PREFIX
from tests.broker.apicurio import Apicurio, apicurio
from tests.broker.single import NoBroker, broker, container

for _name in [name for name in os.environ if name.startswith(PREFIX) and not name.startswith(TEST_PREFIX)]:
    del os.environ[_name]

# CI tries the same examples each time, so that a change is judged by what it changed; elsewhere they are new each time.
hypothesis.settings.register_profile("stayshelf", deadline=None, print_blob=True, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("stayshelf")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Under STAYSHELF_TEST_NO_SKIPS a skipped test is a failed one."""
    report = yield
    if os.environ.get(f"{TEST_PREFIX}NO_SKIPS") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which {TEST_PREFIX}NO_SKIPS forbids: {report.longrepr[2]}"
    return report


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """The address of a real Kafka that tests share: use topics of your own."""
    with ExitStack() as stack:
        try:
            address = stack.enter_context(broker())
        except NoBroker as reason:
            pytest.skip(str(reason))
        yield address


@pytest.fixture(scope="module")
def own_kafka() -> Iterator[str]:
    """The address of a real Kafka for one module, in a container of its own."""
    with ExitStack() as stack:
        try:
            address = stack.enter_context(container())
        except NoBroker as reason:
            pytest.skip(str(reason))
        yield address


@pytest.fixture(scope="module")
def registry() -> Iterator[Apicurio]:
    """A real schema registry for one module, in a container of its own."""
    with ExitStack() as stack:
        try:
            found = stack.enter_context(apicurio())
        except NoBroker as reason:
            pytest.skip(str(reason))
        yield found


@pytest.fixture
def tansu(tmp_path: Path) -> Iterator[str]:
    """The address of an embedded broker of the test's own."""
    data_dir = DataDir(tmp_path / "data").claim()
    process = EmbeddedBroker(data_dir).start()
    yield data_dir.broker.read_text().strip()
    process.stop()
    data_dir.close()
