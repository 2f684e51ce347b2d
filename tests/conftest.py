"""What holds for every test: no settings of the shell around it, and a broker where one is needed."""

import os
from collections.abc import Iterator

import hypothesis
import pytest

from app.settings import PREFIX, TEST_PREFIX

for _name in [name for name in os.environ if name.startswith(PREFIX) and not name.startswith(TEST_PREFIX)]:
    del os.environ[_name]

hypothesis.settings.register_profile("stayshelf", deadline=None, print_blob=True)
hypothesis.settings.load_profile("stayshelf")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Under STAYSHELF_TEST_NO_SKIPS a skipped test is a failed one."""
    report = yield
    if os.environ.get(f"{TEST_PREFIX}NO_SKIPS") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which {TEST_PREFIX}NO_SKIPS forbids: {report.longrepr[2]}"
    return report
