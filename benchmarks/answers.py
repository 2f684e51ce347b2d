"""Answers over everything: milliseconds over HTTP from three workers that hold millions of rows."""

import asyncio
import multiprocessing
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.holders import HOTELS, MINUTE, NOW, ROOMS, STORES, serve
from benchmarks.worker import busy, cpu_of
from tests.broker.single import free_port

WORKERS = 3
ASKED = 60
_PATIENCE_S = 60.0
_DAY, _HOUR = 1_440 * MINUTE, 60 * MINUTE

QUESTIONS = {
    "low_stock": "/v1/low-stock?threshold=20&limit=1000",
    "overbooked": "/v1/overbooked?from=2025-06-15&to=2026-06-15&limit=1000",
    "item": "/v1/items/sku-00001/stock",
    "windows_day_by_hour": f"/v1/windows/sales?from={NOW - _DAY}&to={NOW}&size=1h",
    "windows_hour_by_minute": f"/v1/windows/sales?from={NOW - _HOUR}&to={NOW}&size=1m",
    "windows_day_by_minute": f"/v1/windows/sales?from={NOW - _DAY}&to={NOW}&size=1m",
    "windows_sliding_day": f"/v1/windows/sales?from={NOW - _DAY}&to={NOW}&size=1d&step=1m",
    "windows_of_a_store": f"/v1/windows/sales?storeId=store-00001&from={NOW - _DAY}&to={NOW}&size=1m",
}


async def measure(rows: int) -> AsyncIterator[dict[str, Any]]:
    """One figure a question, of sixty asked one after another in turn: a tenth, half and all but two were faster."""
    processes = multiprocessing.get_context("spawn")
    ready: Any = processes.Queue()
    ports = [free_port() for _ in range(WORKERS)]
    items, directory = rows // STORES, Path(tempfile.mkdtemp(prefix="stayshelf-bench-"))
    given = (directory, ports, items, ready)
    workers = [processes.Process(target=serve, args=(n, *given), daemon=True) for n in range(WORKERS)]
    for worker in workers:
        worker.start()
    try:
        for _ in workers:
            await asyncio.to_thread(ready.get)
        pids = [worker.pid or 0 for worker in workers]
        async with aiohttp.ClientSession() as client:
            for name, path in QUESTIONS.items():
                urls = [f"http://127.0.0.1:{port}{path}" for port in ports]
                for url in urls:
                    await _ask(client, url)  # so that pages are read and connections made
                yield {
                    "job": "answers", "question": name, "workers": WORKERS, "stock_rows": items * STORES,
                    "night_rows": HOTELS * ROOMS * 365, **await _asked(client, urls, pids),
                }  # fmt: skip
    finally:
        for worker in workers:
            worker.kill()
            worker.join()
        shutil.rmtree(directory)


async def _asked(client: aiohttp.ClientSession, urls: list[str], pids: list[int]) -> dict[str, float]:
    """Milliseconds a question: the client's, the workers' CPU, and the CPU of everything else meanwhile."""
    before, all_before = sum(map(cpu_of, pids)), busy()
    times = [await _ask(client, urls[n % WORKERS]) for n in range(ASKED)]
    cpu = sum(map(cpu_of, pids)) - before
    return {
        "p10_ms": round(sorted(times)[ASKED // 10], 1), "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(sorted(times)[-3], 1),
        "cpu_ms": round(cpu / ASKED * 1_000, 1),
        "other_cpu_ms": round((busy() - all_before - cpu) / ASKED * 1_000, 1),
    }  # fmt: skip


async def _ask(client: aiohttp.ClientSession, url: str) -> float:
    """How long the answer took; asks again where a worker did not answer another one in time."""
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            started = time.perf_counter()
            async with client.get(url) as answer:
                body = await answer.json()
            if answer.status == 200:
                assert body.get("items") or body.get("nights") or body.get("stores") or body.get("windows")
                return (time.perf_counter() - started) * 1_000
            await asyncio.sleep(1.0)
