import pytest

from app.engine.store_failure import DiskRefuses, StoreDamaged, failure_of

DAMAGE = "Corruption: block checksum mismatch"
MISSING = "IO error: No such file or directory"
FULL = "IO error: No space left on device"
FILES = "IO error: While open a file for appending"


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        (f"{DAMAGE}: stored(context removed) = 1, computed = 2: in /data/1.sst", StoreDamaged, DAMAGE),
        (f"{MISSING}: While opening: /data/MANIFEST-1", StoreDamaged, MISSING),
        ("Corruption: corrupted key 'customer-7'", StoreDamaged, "Corruption: corrupted key"),
        (f"{FULL}: While appending to file: /data/1.sst", DiskRefuses, FULL),
        (f"{FILES}: /data/1.sst: Too many open files", DiskRefuses, FILES),
    ],
)
def test_what_rocksdb_says_is_damage_or_a_disk_that_refuses(text: str, kind: type[Exception], said: str) -> None:
    failure = failure_of(Exception(text))
    assert type(failure) is kind
    assert str(failure) == said


def test_a_failure_stays_what_it_is() -> None:
    refusal = DiskRefuses("for a test")
    assert failure_of(refusal) is refusal


def test_it_always_says_something() -> None:
    assert str(failure_of(Exception("'key'"))) == "Exception"
    assert str(failure_of(FileExistsError(17, "File exists", "/data/inventory-3"))) == "File exists"
    full = failure_of(OSError(28, "No space left on device", "/data/inventory-3"))
    assert (type(full), str(full)) == (DiskRefuses, "No space left on device")
