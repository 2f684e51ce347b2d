"""A worker's metrics, read as Prometheus reads them."""

import asyncio
from collections.abc import Callable

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.broker.workers import Worker


async def series(worker: Worker, name: str) -> list[tuple[dict[str, str], float]]:
    """Labels and value of each series of a name."""
    async with aiohttp.ClientSession() as session, session.get(f"{worker.url}/metrics") as answer:
        families = list(text_string_to_metric_families(await answer.text()))
    samples = [sample for family in families for sample in family.samples]
    return [(dict(sample.labels), sample.value) for sample in samples if sample.name == name]


async def total(worker: Worker, name: str, **labels: str) -> float:
    """The sum of the series with these labels."""
    return sum(value for at, value in await series(worker, name) if labels.items() <= at.items())


async def until(worker: Worker, name: str, fits: Callable[[float], bool], **labels: str) -> None:
    """Wait until the sum fits."""
    found = float("nan")
    try:
        async with asyncio.timeout(120):
            while not fits(found := await total(worker, name, **labels)):  # noqa: ASYNC110 - a worker tells nobody
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"{name}{labels} is {found}") from None
