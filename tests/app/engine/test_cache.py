from hypothesis import given
from hypothesis import strategies as st

from app.engine.cache import RowCache


def test_each_task_has_its_own_rows() -> None:
    cache = RowCache(10)
    cache.of("one")[b"k"] = b"1"
    assert cache.of("one") == {b"k": b"1"}
    assert cache.of("other") == {}
    cache.forget("one")
    cache.forget("never seen")
    assert cache.of("one") == {}


def test_the_largest_goes_first_and_keeps_its_place() -> None:
    cache = RowCache(5)
    small, large = cache.of("small"), cache.of("large")
    small.update({bytes([n]): b"" for n in range(2)})
    large.update({bytes([n]): b"" for n in range(4)})
    cache.trim()
    assert (len(small), len(large)) == (2, 0)
    large[b"new"] = b"row"
    assert cache.of("large") == {b"new": b"row"}


@given(sizes=st.lists(st.integers(0, 8), max_size=6), rows_max=st.integers(0, 20))
def test_trimmed_it_holds_no_more_than_it_may(sizes: list[int], rows_max: int) -> None:
    cache = RowCache(rows_max)
    for owner, size in enumerate(sizes):
        cache.of(owner).update({bytes([n]): b"" for n in range(size)})
    cache.trim()
    kept = [len(cache.of(owner)) for owner in range(len(sizes))]
    assert sum(kept) <= rows_max
    assert sum(sizes) > rows_max or kept == sizes
