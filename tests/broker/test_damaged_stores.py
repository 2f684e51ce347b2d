"""State directories that are damaged, of others, or of another time are found and rebuilt; nobody sees a wrong row."""

import shutil
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from app.engine.storage import PartitionStore
from tests.broker.datasets import journey, resort
from tests.broker.harness import Harness
from tests.broker.load import interleaved, troubled

pytestmark = pytest.mark.broker


def _largest(directory: Path) -> Path:
    return max(directory.glob("*.sst"), key=lambda file: file.stat().st_size)


def flip(directory: Path) -> None:
    """Bytes all over the data in an SST: the store opens, and only reading finds it."""
    file = _largest(directory)
    data = bytearray(file.read_bytes())
    for at in range(len(data) // 10, len(data) // 2, 100):
        data[at] ^= 0xFF
    file.write_bytes(data)


def truncate(directory: Path) -> None:
    file = _largest(directory)
    file.write_bytes(file.read_bytes()[:-100])


def lose_current(directory: Path) -> None:
    (directory / "CURRENT").unlink()


def lose_manifest(directory: Path) -> None:
    next(directory.glob("MANIFEST-*")).unlink()


def advance(directory: Path) -> None:
    """Newer than its changelog."""
    store = PartitionStore(directory)
    store.write([(b"sX\0\0Y", b"row")], 1_000_000, {}, tallies={})
    store.close()


def replace_by_another_partition(directory: Path) -> None:
    shutil.rmtree(directory)
    shutil.copytree(directory.with_name("inventory-23"), directory)


def replace_by_a_file(directory: Path) -> None:
    shutil.rmtree(directory)
    directory.write_text("alien")


DAMAGES: dict[str, Callable[[Path], None]] = {
    "bookings-0": flip,
    "bookings-1": truncate,
    "bookings-2": lose_current,
    "bookings-3": lose_manifest,
    "bookings-4": advance,
    "inventory-2": flip,
    "inventory-3": replace_by_another_partition,
    "inventory-4": replace_by_a_file,
}


async def count_set_aside(url: str) -> float:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("stayshelf_stores_set_aside_total{"))


async def test_damaged_directories_are_found_and_rebuilt(harness: Harness, tmp_path: Path) -> None:
    records = list(troubled(interleaved(resort(600), journey(2_500)), again=0.05, spoiled=0.0))
    half = len(records) // 2
    (worker,) = await harness.start(1)
    await harness.send(records[:half])
    await harness.until_applied()
    worker.stop()
    state = tmp_path / "worker-0" / "data" / "state"
    for name, damage in DAMAGES.items():
        damage(state / name)
    worker.start()
    await worker.ready()
    await harness.send(records[half:])
    await harness.check()
    assert await count_set_aside(worker.url) == len(DAMAGES)
    assert len(list(state.glob("*.damaged-*"))) == 3
    for name in DAMAGES:
        assert f"{name} can't be trusted" in worker.log.read_text("utf-8")
