from pathlib import Path

import pytest

from app.engine.registry import kept
from app.engine.registry.kept import KeptSchemas


def test_what_was_kept_is_there_again_for_the_same_registry_only(tmp_path: Path) -> None:
    KeptSchemas(tmp_path, "http://one").keep(7, '"int"')
    KeptSchemas(tmp_path, "http://one").keep_output("s", "text", 12)
    assert dict(KeptSchemas(tmp_path, "http://one").schemas()) == {7: '"int"'}
    assert dict(KeptSchemas(tmp_path, "http://other").schemas()) == {}
    assert KeptSchemas(tmp_path, "http://one").output("s", "text") == 12
    assert KeptSchemas(tmp_path, "http://one").output("s", "another text") is None


def test_damaged_files_are_done_without(tmp_path: Path) -> None:
    store = KeptSchemas(tmp_path, "r")
    store.keep(1, "{}")
    store.keep_output("s", "text", 3)
    (folder,) = (tmp_path / "schemas").iterdir()
    (folder / "2.avsc").write_bytes(b"\xff\xfe")
    (folder / "notes.avsc").write_text("{}")
    next(folder.glob("*.id")).write_text("three")
    assert dict(store.schemas()) == {1: "{}"}
    assert store.output("s", "text") is None


def test_a_directory_that_can_t_be_written_costs_nothing_now(tmp_path: Path) -> None:
    (tmp_path / "schemas").write_text("a file, no directory")
    store = KeptSchemas(tmp_path, "r")
    store.keep(1, "{}")
    assert dict(store.schemas()) == {}


def test_the_number_of_files_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "FILES_MAX", 5)
    store = KeptSchemas(tmp_path, "r")
    for schema_id in range(kept.FILES_MAX + 5):
        store.keep(schema_id, "1")
    found = dict(store.schemas())
    assert sorted(found) == [5, 6, 7, 8, 9]
