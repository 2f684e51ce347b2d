from pathlib import Path

import pytest

from app.engine.quarantine import KEPT, open_store, set_aside
from app.engine.storage import PartitionStore
from app.engine.store_failure import DiskRefuses


def aside(state: Path) -> list[Path]:
    return sorted(state.glob("*.damaged-*"))


def test_a_sound_directory_is_opened_as_it_is(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path / "inventory-3")
    store.write([(b"k1", b"row")], 7, {}, tallies={})
    store.close()
    store = open_store(tmp_path / "inventory-3")
    assert (store.changelog_offset, store.replaces, aside(tmp_path)) == (7, "", [])
    store.close()


def test_a_damaged_directory_is_kept_beside_an_empty_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = PartitionStore(tmp_path / "inventory-3")
    store.write([(b"k1", b"row")], 7, {}, tallies={})
    store.close()
    (tmp_path / "inventory-3" / "CURRENT").unlink()
    store = open_store(tmp_path / "inventory-3")
    assert (store.changelog_offset, store.get(b"k1"), store.replaces) == (0, None, "CURRENT is missing")
    store.close()
    (kept,) = aside(tmp_path)
    assert list(kept.glob("*.sst"))
    assert kept.name in caplog.text


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    for n in range(KEPT + 2):
        (tmp_path / f"payments-{9 - n}").mkdir()
        set_aside(tmp_path / f"payments-{9 - n}", "for a test")
    assert [path.name.partition(".")[0] for path in aside(tmp_path)] == ["payments-5", "payments-6", "payments-7"]


def test_what_can_t_be_renamed_stays(tmp_path: Path) -> None:
    with pytest.raises(DiskRefuses, match="can't be renamed"):
        set_aside(tmp_path / "missing", "for a test")
