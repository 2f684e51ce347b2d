"""The dashboard in a real browser: bytes, time to the first numbers, CPU of an open page on which nothing happens."""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from benchmarks.worker import cpu_of
from tests.browser.shelf import Shelf, shelf
from tests.browser.window import LAUNCH, opened

OPENED = 9
IDLE_SECONDS = 30.0
_PATIENCE_MS = 60_000
_SIZE: dict[str, Any] = {"viewport": {"width": 1366, "height": 900}}
#: A tile shows a number, a table its first row.
_FIRST_NUMBERS = """() => /[0-9]/.test(document.querySelector('#tile-applied')?.textContent ?? '')
    && document.querySelector('#low tbody td') !== null && performance.now()"""


def measure() -> Iterator[dict[str, Any]]:
    """Milliseconds from asking for the page, median of nine new visitors; shares of one processor while it is idle."""
    with tempfile.TemporaryDirectory(prefix="stayshelf-bench-") as directory, shelf(Path(directory)) as worker:
        worker.replay()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**LAUNCH)
            try:
                yield {"job": "page", **_first_numbers(browser, worker)}
                yield {"job": "idle_page", **_idle(browser, worker)}
            finally:
                browser.close()


def _first_numbers(browser: Browser, worker: Shelf) -> dict[str, Any]:
    times, sizes = [], dict[str, int]()
    for _ in range(OPENED):
        with opened(browser, worker.url, **_SIZE) as (page, seen):
            found = page.wait_for_function(_FIRST_NUMBERS, polling="raf", timeout=_PATIENCE_MS)
            times.append(float(found.json_value()))
            sizes = seen.sizes
    return {
        "first_numbers_ms": round(statistics.median(times)), "slowest_ms": round(max(times)),
        "page_bytes": sum(sizes.values()), "files": len(sizes),
    }  # fmt: skip


def _idle(browser: Browser, worker: Shelf) -> dict[str, Any]:
    """CPU of all of the browser's processes, and of the worker, which sends its figures each second."""
    with opened(browser, worker.url, **_SIZE) as (page, _seen):
        page.wait_for_function(_FIRST_NUMBERS, timeout=_PATIENCE_MS)
        page.wait_for_timeout(5_000)
        pids = list(_browser_processes())
        before, of_worker, since = sum(map(cpu_of, pids)), cpu_of(worker.worker.pid), time.monotonic()
        page.wait_for_timeout(IDLE_SECONDS * 1_000)
        seconds = time.monotonic() - since
        used = sum(map(cpu_of, pids)) - before
        return {
            "browser_cpu_percent": round(100 * used / seconds, 1),
            "worker_cpu_percent": round(100 * (cpu_of(worker.worker.pid) - of_worker) / seconds, 1),
            "seconds": round(seconds),
        }  # fmt: skip


def _browser_processes() -> Iterator[int]:
    """Processes of the browser among the descendants of this one."""
    parents = {int(path.name): _parent(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
    for pid in parents:
        if os.getpid() in _ancestors(pid, parents) and "chrom" in _command(pid):
            yield pid


def _ancestors(pid: int, parents: dict[int, int]) -> Iterator[int]:
    while pid := parents.get(pid, 0):
        yield pid


def _parent(path: Path) -> int:
    try:
        return int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
