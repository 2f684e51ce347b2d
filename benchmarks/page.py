"""The dashboard in a real browser: bytes, time to the first numbers, CPU of an open page on which nothing happens."""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.worker import cpu_of
from tests.browser.shelf import Shelf, shelf
from tests.browser.window import LAUNCH

OPENED = 9
IDLE_SECONDS = 30.0
_PATIENCE_MS = 60_000
#: Notes, frame by frame, when a tile shows a number and when a table has its first row.
_WATCH = """(() => {
  const seen = {
    numbers: () => /[0-9]/.test(document.querySelector("#tile-applied")?.textContent ?? ""),
    rows: () => document.querySelector("#low tbody td") !== null,
  };
  window.shownAt = {};
  const look = () => {
    for (const [name, isThere] of Object.entries(seen)) if (isThere()) window.shownAt[name] ??= performance.now();
    if (!("rows" in window.shownAt)) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()"""
_SHOWN = "() => window.shownAt.numbers && window.shownAt.rows && window.shownAt"
_SIZES = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .filter((each) => each.name.endsWith("/") || each.name.includes("/assets/")).map((each) => each.encodedBodySize)"""


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
    times: list[dict[str, float]] = []
    for _ in range(OPENED):
        with _visited(browser, worker) as page:
            times.append(page.wait_for_function(_SHOWN, timeout=_PATIENCE_MS).json_value())
            sizes = page.evaluate(_SIZES)
    numbers, rows = (sorted(round(each[name]) for each in times) for name in ("numbers", "rows"))
    return {
        "first_numbers_ms": statistics.median(numbers), "slowest_ms": numbers[-1],
        "first_rows_ms": statistics.median(rows), "page_bytes": sum(sizes), "files": len(sizes),
    }  # fmt: skip


@contextmanager
def _visited(browser: Browser, worker: Shelf) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1366, "height": 900}) as context:
        page = context.new_page()
        page.add_init_script(_WATCH)
        page.goto(worker.url)
        yield page


def _idle(browser: Browser, worker: Shelf) -> dict[str, Any]:
    """CPU of all of the browser's processes, and of the worker, which sends its figures each second."""
    with _visited(browser, worker) as page:
        page.wait_for_function(_SHOWN, timeout=_PATIENCE_MS)
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
