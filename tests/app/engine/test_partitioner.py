import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.partitioner import partition_of
from app.simulator.reference import murmur2 as reference


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
@pytest.mark.parametrize("partitions", [1, 6, 12, 24])
def test_partitions_are_those_of_java_s_default(key: bytes, hashed: int, partitions: int) -> None:
    assert partition_of(key, partitions) == (hashed & 0x7FFFFFFF) % partitions


@given(key=st.binary(max_size=40), partitions=st.integers(1, 100))
def test_it_agrees_with_the_reference(key: bytes, partitions: int) -> None:
    assert partition_of(key, partitions) == reference.partition_of(key, partitions)
