import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.delivery import duplicates
from app.delivery.duplicates import ENTRY, HORIZON_MS, DuplicateIndex, digest, entries, last_time

HOUR = 3_600_000
STEPS = st.lists(
    st.tuples(st.integers(0, 9 * HOUR), st.lists(st.integers(0, 30), min_size=1, max_size=12)), max_size=25
)


def seen(index: DuplicateIndex, digests: list[bytes], now: int) -> list[bool]:
    """Looks ids up and remembers them as a unit does."""
    older = index.older(digests)
    found = []
    for one in digests:
        last = index.recent.get(one, older.get(one))
        found.append(last is not None and now - last <= HORIZON_MS)
        index.recent[one] = now
    index.settle(now)
    return found


def plain(model: dict[bytes, int], digests: list[bytes], now: int) -> list[bool]:
    found = []
    for one in digests:
        found.append(one in model and now - model[one] <= HORIZON_MS)
        model[one] = now
    return found


@settings(max_examples=60)
@given(steps=STEPS, recent_max=st.integers(1, 9), reload_at=st.integers(0, 25))
def test_it_knows_what_a_dict_of_everything_knows(
    steps: list[tuple[int, list[int]]], recent_max: int, reload_at: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "_RECENT_MAX", recent_max)
        index, model, stored, now = DuplicateIndex(), dict[bytes, int](), list[bytes](), 0
        for n, (passed, ids) in enumerate(steps):
            now += passed
            digests = [digest(b"%d" % id) for id in ids]
            assert seen(index, digests, now) == plain(model, digests, now)
            stored.append(entries([now] * len(digests), digests).tobytes())
            if n == reload_at:
                index = DuplicateIndex()
                index.load(stored)


def test_the_horizon_slides_with_each_duplicate_and_its_end_still_counts() -> None:
    index, one = DuplicateIndex(), [digest(b"e")]
    assert seen(index, one, 0) == [False]
    assert seen(index, one, HORIZON_MS) == [True]
    assert seen(index, one, 2 * HORIZON_MS) == [True]
    assert seen(index, one, 3 * HORIZON_MS + 1) == [False]


def test_ids_that_share_half_their_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "_RECENT_MAX", 1)
    index, alike = DuplicateIndex(), [b"sameHalf" + b"%08d" % n for n in range(5)]
    order = [0, 3, 1, 3, 0, 4, 1]
    for now, n in enumerate(order):
        index.recent[alike[n]] = now
        index.settle(now)
    assert index.older(alike) == {alike[0]: 4, alike[1]: 6, alike[3]: 3, alike[4]: 5}


def test_runs_are_merged_and_those_past_the_horizon_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "_RECENT_MAX", 16)
    index, rng = DuplicateIndex(), random.Random(7)
    for step in range(1_000):
        seen(index, [rng.randbytes(16) for _ in range(16)], step * HOUR)
        assert len(index._runs) <= 10
        assert sum(map(len, index._runs)) <= 5 * 24 * 16


def test_large_runs_lie_in_files_that_no_one_else_sees(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(duplicates, "_RUN_IN_MEMORY_MAX", 100)
    rng = random.Random(7)
    digests = [rng.randbytes(16) for _ in range(1_000)]
    index = DuplicateIndex(tmp_path)
    index.load([entries(range(1_000), digests).tobytes()])
    assert index.older(digests[::7]) == {digests[n]: n for n in range(0, 1_000, 7)}
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_no_large_run_is_told_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(duplicates, "_RUN_IN_MEMORY_MAX", 10)
    index = DuplicateIndex(tmp_path / "gone", lambda error: RuntimeError(error.strerror))
    stored = entries(range(11), [digest(b"%d" % n) for n in range(11)]).tobytes()
    with pytest.raises(RuntimeError, match="No such file"):
        index.load([stored])


def test_entries_are_24_bytes_and_tell_their_last_time() -> None:
    run = entries([5, 9], [digest(b"a"), digest(b"b")])
    assert ENTRY.itemsize == 24
    assert len(run.tobytes()) == 48
    assert last_time(run.tobytes()) == 9


def test_an_empty_index_has_seen_nothing() -> None:
    index = DuplicateIndex()
    index.load([])
    assert index.older([digest(b"a")]) == {}
    assert index.older([]) == {}
