from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine import storage
from app.engine.storage import PartitionStore

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


def test_a_destroyed_store_leaves_nothing(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path / "gone")
    store.write([(b"k", b"v")], 9, {}, tallies={})
    store.destroy()
    assert not (tmp_path / "gone").exists()
    again = PartitionStore(tmp_path / "gone")
    assert (again.changelog_offset, rows(again)) == (0, {})
    again.close()


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
