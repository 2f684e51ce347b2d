from pathlib import Path

import pytest

from app.engine.rocksdb import opened
from app.engine.store_failure import StoreDamaged


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
