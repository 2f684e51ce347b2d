import shutil
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine import storage
from app.engine.storage import PartitionStore
from app.engine.store_failure import DiskRefuses, StoreDamaged

KEYS = st.binary(min_size=1, max_size=3).map(lambda key: b"k" + key)
WRITES = st.lists(st.dictionaries(KEYS, st.none() | st.binary(max_size=4), max_size=8), max_size=6)


def rows(store: PartitionStore) -> dict[bytes, bytes]:
    return dict(store.scan(b"k", b"l"))


def test_a_new_store_is_at_the_beginning(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path / "new")
    assert (store.changelog_offset, store.indexed, rows(store)) == (0, True, {})
    store.close()


@settings(max_examples=25)
@given(writes=WRITES)
def test_rows_and_offset_come_back_together(
    tmp_path_factory: pytest.TempPathFactory, writes: list[dict[bytes, bytes | None]]
) -> None:
    directory, model = tmp_path_factory.mktemp("store"), dict[bytes, bytes | None]()
    store = PartitionStore(directory)
    for n, changed in enumerate(writes):
        store.write(changed.items(), n + 1, {}, tallies={})
        model |= changed
    expected = {key: value for key, value in model.items() if value is not None}
    assert rows(store) == expected
    store.close()
    again = PartitionStore(directory)
    assert (again.changelog_offset, rows(again)) == (len(writes), expected)
    assert list(rows(again)) == sorted(expected)
    assert all(again.get(key) == value for key, value in model.items())
    again.close()


def test_index_entries_come_and_go_with_the_rows(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path)
    store.write([(b"k1", b"row")], 1, {b"\xf1a": True, b"\xf1b": True}, tallies={})
    store.write([], 2, {b"\xf1a": False}, tallies={})
    assert list(store.scan(b"\xf1", b"\xf2")) == [(b"\xf1b", b"")]
    store.close()


def test_whether_it_is_indexed_is_kept_on_disk(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path)
    store.indexed = False
    store.write([], 5, {}, tallies={})
    store.close()
    store = PartitionStore(tmp_path)
    assert not store.indexed
    store.indexed = True
    store.write([], 5, {}, tallies={})
    store.close()
    store = PartitionStore(tmp_path)
    assert store.indexed
    store.close()


def test_a_scan_and_a_deletion_keep_to_their_ends(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path)
    store.write([(bytes([n]), b"%d" % n) for n in range(10, 20)], 1, {}, tallies={})
    assert [key for key, _ in store.scan(b"\x0c", b"\x0f")] == [b"\x0c", b"\x0d", b"\x0e"]
    store.delete_range(b"\x0c", b"\x0f")
    assert [key[0] for key, _ in store.scan(b"\x0a", b"\x14")] == [10, 11, 15, 16, 17, 18, 19]
    store.close()


def test_a_scan_sees_the_store_as_it_was_when_it_began(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path)
    store.write([(b"k1", b"old"), (b"k2", b"old")], 1, {}, tallies={})
    scan = store.scan(b"k", b"l")
    assert next(scan) == (b"k1", b"old")
    store.write([(b"k2", b"new"), (b"k3", b"new")], 2, {}, tallies={})
    assert list(scan) == [(b"k2", b"old")]
    store.close()


def test_an_index_entry_is_there_whenever_it_was_said_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_KNOWN_MAX", 2)
    store = PartitionStore(tmp_path)
    there: set[bytes] = set()
    for n, changes in enumerate(
        [{b"k1": True}, {b"k1": True, b"k2": True}, {b"k1": False}, {b"k3": True, b"k1": True}]
    ):
        store.write([], n, changes, tallies={})
        there = {key for key in there | changes.keys() if changes.get(key, True)}
        assert rows(store).keys() == there
    store.delete_range(b"k", b"l")
    store.write([], 9, {b"k1": True}, tallies={})
    assert rows(store).keys() == {b"k1"}
    store.close()


def filled(directory: Path) -> Path:
    """A store of some files."""
    store, random = PartitionStore(directory), Random(1)
    for n in range(40):
        store.write([(b"k%06d" % (n * 500 + i), random.randbytes(100)) for i in range(500)], n + 1, {}, tallies={})
    store.close()
    return directory


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("original") / "inventory-3")


def damaged(file: Path, how: str) -> None:
    data = bytearray(file.read_bytes())
    if how == "remove":
        file.unlink()
    elif how == "flip":
        data[len(data) // 3] ^= 0xFF
        file.write_bytes(data)
    else:
        file.write_bytes(data[: len(data) * 2 // 3])


@pytest.mark.parametrize("how", ["flip", "truncate", "remove"])
@pytest.mark.parametrize("pattern", ["*.sst", "CURRENT", "MANIFEST-*", "OPTIONS-*", "IDENTITY", "LOCK", "*.json"])
def test_a_damaged_store_says_so_or_answers_what_was_written(
    original: Path, tmp_path: Path, pattern: str, how: str
) -> None:
    directory = tmp_path / original.name
    shutil.copytree(original, directory)
    file = min(directory.glob(pattern))
    if file.stat().st_size or how == "remove":
        damaged(file, how)
    store = None
    try:
        store = PartitionStore(directory)
        # A lost end of the manifest is a store of some time ago: whole, as far as its offset says.
        assert len(rows(store)) == store.changelog_offset * 500
    except StoreDamaged:
        assert pattern in ("*.sst", "CURRENT", "MANIFEST-*")
        assert store is None or isinstance(store.failure, StoreDamaged)
    else:
        assert pattern != "*.sst"
        assert store.failure is None
    if store is not None:
        store.close()


def test_a_flipped_byte_ends_a_scan_and_a_get_with_an_error(original: Path, tmp_path: Path) -> None:
    directory = tmp_path / original.name
    shutil.copytree(original, directory)
    damaged(max(directory.glob("*.sst")), "flip")
    store = PartitionStore(directory)
    assert store.failure is None
    found: list[bytes] = []
    with pytest.raises(StoreDamaged, match=r"^Corruption: block checksum mismatch$") as raised:
        found.extend(key for key, _ in store.scan(b"k", b"l"))
    assert 0 < len(found) < 20_000
    assert store.failure is raised.value
    with pytest.raises(StoreDamaged):
        store.get(b"k%06d" % len(found))
    store.close()


def test_another_partition_s_directory_is_refused(original: Path, tmp_path: Path) -> None:
    shutil.copytree(original, tmp_path / "inventory-4")
    with pytest.raises(StoreDamaged, match="another partition's data"):
        PartitionStore(tmp_path / "inventory-4")
    (tmp_path / "inventory-5").write_text("no directory")
    with pytest.raises(StoreDamaged):
        PartitionStore(tmp_path / "inventory-5")


def test_the_changelog_s_id_comes_back_with_the_offset(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path)
    store.write([(b"k1", b"row")], 1, {}, tallies={})
    assert store.changelog_id == b""
    store.changelog_id = b"id"
    store.write([(b"k1", b"row")], 2, {}, tallies={})
    store.close()
    store = PartitionStore(tmp_path)
    assert store.changelog_id == b"id"
    store.close()


def test_the_first_failure_stays_unless_it_turns_out_to_be_damage(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path)
    full = store.failed(Exception("IO error: No space left on device: While appending to file: /somewhere"))
    assert isinstance(full, DiskRefuses)
    assert str(full) == "IO error: No space left on device"
    store.failed(Exception("IO error: Disk quota exceeded: While appending"))
    assert store.failure is full
    damage = store.failed(Exception("Corruption: bad entry: 'key'"))
    assert isinstance(damage, StoreDamaged)
    assert store.failure is damage
    store.close()
    assert store.failed(Exception("Corruption: of a closed store")) is not store.failure
    assert store.failure is damage


def test_a_store_that_failed_neither_takes_nor_tells_anything_more(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path / "inventory-0")
    store.write([(b"s1", b"a")], 5, {}, tallies={})
    store.failed(DiskRefuses("full"))
    for use in (
        lambda: store.write([(b"s2", b"b")], 9, {}, tallies={}),
        lambda: store.get(b"s1"),
        lambda: store.unchecked_get(b"s1"),
        lambda: list(store.scan(b"s", b"t")),
        lambda: store.delete_range(b"s", b"t"),
    ):
        with pytest.raises(DiskRefuses):
            use()
    assert store.changelog_offset == 5
    store.close()
