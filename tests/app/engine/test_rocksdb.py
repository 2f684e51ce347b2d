from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from rocksdict import Rdict, WriteBatch

from app.engine.rocksdb import once_there_is_room, opened, without_log
from app.engine.store_failure import DiskRefuses, StoreDamaged, failure_of
from tests.small_disk import fill, small_disk

#: More than RocksDB holds in memory, in batches of 256 KiB.
BATCHES = 400


def writing(store: Rdict, number: int) -> Callable[[], None]:
    def write() -> None:
        batch = WriteBatch(raw_mode=True)
        batch.put(b"%d" % number, Random(number).randbytes(1 << 18))
        store.write(batch, without_log)

    return write


def test_a_new_directory_is_made_and_an_old_one_opened(tmp_path: Path) -> None:
    made = opened(tmp_path / "state" / "inventory-3")
    made[b"k"] = b"v"
    made.close()
    again = opened(tmp_path / "state" / "inventory-3")
    assert again[b"k"] == b"v"
    again.close()


def test_without_its_current_file_nothing_is_made_anew_over_it(tmp_path: Path) -> None:
    opened(tmp_path).close()
    for lost in ("CURRENT", *[file.name for file in tmp_path.glob("*.log")]):
        (tmp_path / lost).unlink()
    before = {file.name for file in tmp_path.iterdir()}
    with pytest.raises(StoreDamaged, match="CURRENT is missing"):
        opened(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == before


def test_a_write_waits_for_room_in_memory(tmp_path: Path) -> None:
    store, refused = opened(tmp_path), 0
    for number in range(BATCHES):
        write, tries = writing(store, number), 0

        def counted(write: Callable[[], None] = write) -> None:
            nonlocal tries
            tries += 1
            write()

        once_there_is_room(store, counted)
        refused += tries - 1
    assert refused
    assert all(store[b"%d" % number] == Random(number).randbytes(1 << 18) for number in range(BATCHES))
    store.close()


def test_nobody_waits_for_room_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 32) as disk:
        stores = [opened(disk / str(number)) for number in range(3)]
        fill(disk)
        # In turns: RocksDB finds the disk full in one of them first, and lets the others wait.
        failures: dict[int, Exception] = {}
        for number, store in ((number, store) for number in range(BATCHES) for store in range(3)):
            if store not in failures:
                try:
                    once_there_is_room(stores[store], writing(stores[store], number))
                except Exception as error:
                    failures[store] = failure_of(error)
        assert [type(failures[store]) for store in range(3)] == [DiskRefuses] * 3
