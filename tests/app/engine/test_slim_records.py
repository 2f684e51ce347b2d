import struct
from collections.abc import Callable
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import ConsumerRecord, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from app.delivery.dead_letters import VALUE_BYTES_MAX, Cut
from app.engine import slim_records
from app.engine.slim_records import AS_PARSED, TAKEN_BYTES_MAX, WHOLE
from app.engine.unpack import GZIP, LZ4, NONE, SMALL_BYTES, SNAPPY, ZSTD

TP = TopicPartition("t", 0)


@pytest.fixture(autouse=True)
def look() -> None:
    slim_records.begin_look()


CONTROL = 0x20


def batch(
    offset: int,
    values: list[bytes | None],
    codec: int = NONE,
    *,
    producer: int = -1,
    control: bool = False,
    commits: bool = False,
) -> bytes:
    """A batch with keys k0, k1, ... and timestamps 1000, 1001, ..., as a broker has it."""
    transactional = producer >= 0
    builder = DefaultRecordBatchBuilder(2, codec, transactional, producer, 0, 0, 1 << 30)
    for n, value in enumerate(values):
        builder.append(n, 1_000 + n, bytes([0, 0, 0, commits]) if control else b"k%d" % n, value, [("h", b"v")])
    made = bytearray(builder.build())
    struct.pack_into(">q", made, 0, offset)
    if control:
        made[22] |= CONTROL
        struct.pack_into(">I", made, 17, calc_crc32c(bytes(made[21:])))
    return bytes(made)


def records(
    raw: bytes, kind: Callable[[Any], Any] = AS_PARSED, *, at: int = 0, aborted: list[Any] | None = None
) -> Any:
    return fetcher.PartitionRecords(
        TP, fetcher.MemoryRecords(raw), aborted, at, kind, None, True, fetcher.READ_COMMITTED
    )


def taken(found: Any, most: int = 100) -> list[Any]:
    """All there is, with the Nones of long work left out."""
    all_of_it: list[Any] = []
    more = True
    while more:
        part, more = found.take(most)
        all_of_it += part
    return all_of_it


def plain(found: list[Any]) -> list[Any]:
    return [(r.offset, r.timestamp, r.key, r.value) for r in found]


@pytest.mark.parametrize("codec", [NONE, GZIP, SNAPPY, LZ4, ZSTD])
@pytest.mark.parametrize("size", [10, SMALL_BYTES // 2, SMALL_BYTES])
def test_records_come_as_they_were_written_whatever_their_size(codec: int, size: int) -> None:
    raw = batch(5, [b"x" * size, None, b"z"], codec) + batch(8, [b"w"], codec)
    assert plain(taken(records(raw))) == [
        (5, 1_000, b"k0", b"x" * size),
        (6, 1_001, b"k1", None),
        (7, 1_002, b"k2", b"z"),
        (8, 1_000, b"k0", b"w"),
    ]


def test_other_consumers_get_what_aiokafka_gives() -> None:
    found = list(records(batch(5, [b"v", b"w"], SNAPPY), lambda key: key.decode()))
    assert all(isinstance(record, ConsumerRecord) for record in found)
    assert [(record.offset, record.key, record.value) for record in found] == [(5, "k0", b"v"), (6, "k1", b"w")]


def test_what_lies_before_the_offset_asked_for_is_left_out() -> None:
    found = records(batch(5, [b"a", b"b", b"c"]), at=6)
    assert [record.offset for record in taken(found)] == [6, 7]
    assert found.next_fetch_offset == 8


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5, 100])
def test_no_more_are_taken_than_asked_for(most: int) -> None:
    found = records(batch(0, [b"a", b"b", b"c"]) + batch(3, [b"d", b"e"], GZIP))
    seen, more = [], True
    while more:
        part, more = found.take(most)
        assert len(part) <= most
        seen += [record.offset for record in part]
        assert found.next_fetch_offset == (seen[-1] + 1 if seen else 0)
    assert seen == [0, 1, 2, 3, 4]


def test_aborted_transactions_and_markers_are_passed_over() -> None:
    abort = batch(2, [b"\0" * 6], producer=7, control=True)
    raw = batch(0, [b"a", b"b"], producer=7) + abort + batch(3, [b"c"], producer=7) + batch(4, [b"d"])
    found = records(raw, aborted=[(7, 0)])
    assert [record.offset for record in taken(found)] == [3, 4]
    assert found.next_fetch_offset == 5


def marker(offset: int, producer: int, *, commits: bool) -> bytes:
    """What ends a transaction in a partition."""
    return batch(offset, [b"\0" * 6], producer=producer, control=True, commits=commits)


@pytest.mark.parametrize("other", [7, 8])
def test_a_transaction_aborted_before_what_was_fetched_takes_nothing_with_it(other: int) -> None:
    raw = marker(2, 7, commits=False) + batch(3, [b"c"], producer=other) + batch(4, [b"d"], producer=7)
    found = records(raw, at=2, aborted=[(7, 0)])
    assert [record.offset for record in taken(found)] == [3, 4]


class Transaction(NamedTuple):
    """One of a producer's: in one batch, and whether that has been compacted away."""

    producer: int
    commits: bool
    is_there: bool


@given(
    st.lists(st.builds(Transaction, st.integers(5, 7), st.booleans(), st.booleans()), max_size=12),
    st.randoms(),
    st.data(),
)
def test_what_is_committed_is_read_wherever_reading_begins(
    transactions: list[Transaction], order: Random, data: st.DataObject
) -> None:
    open_ones: dict[int, tuple[Transaction, int]] = {}
    todo, log, aborted = list(transactions), list[bytes](), list[tuple[int, int, int]]()
    committed: set[int] = set()
    while todo or open_ones:
        offset = len(log)
        free = [each for each in todo if each.producer not in open_ones]
        if free and (not open_ones or order.random() < 0.5):
            todo.remove(begun := free[0])
            open_ones[begun.producer] = begun, offset
            log.append(batch(offset, [b"v"], producer=begun.producer) if begun.is_there else b"")
            continue
        ended, first = open_ones.pop(order.choice(sorted(open_ones)))
        log.append(marker(offset, ended.producer, commits=ended.commits))
        if not ended.commits:
            aborted.append((ended.producer, first, offset))
        elif ended.is_there:
            committed.add(first)
    start = data.draw(st.integers(0, len(log)))
    # What a broker says of a fetch: the transactions that were aborted at its offset or behind it.
    said = [(producer, first) for producer, first, last in aborted if last >= start]
    found = records(b"".join(log[start:]), at=start, aborted=said)
    assert {record.offset for record in taken(found)} == {offset for offset in committed if offset >= start}


@pytest.mark.parametrize("codec", [NONE, GZIP, SNAPPY, LZ4, ZSTD])
@pytest.mark.parametrize("crc_holds", [True, False])
def test_a_broken_batch_ends_what_was_fetched_and_what_is_before_it_counts(codec: int, crc_holds: bool) -> None:
    broken = bytearray(batch(1, [b"b" * 100], codec))
    broken[61:] = bytes(len(broken) - 61)
    if crc_holds:
        struct.pack_into(">I", broken, 17, calc_crc32c(bytes(broken[21:])))
    found = records(batch(0, [b"a"]) + broken)
    first, more = found.take(100)
    assert ([record.value for record in first], more) == ([b"a"], True)
    with pytest.raises(CorruptRecordException):
        found.take(100)
    assert found.take(100) == ([], False)
    assert found.next_fetch_offset == 1


def test_a_look_ends_where_much_was_unpacked() -> None:
    value = b"x" * (TAKEN_BYTES_MAX // 2)
    found = records(b"".join(batch(n, [value], ZSTD) for n in range(6)))
    part, more = found.take(100)
    assert (len(part), more) == (2, True)
    del part
    assert len(taken(found)) == 4


def test_a_look_at_many_partitions_ends_where_much_may_have_been_unpacked() -> None:
    def look() -> int:
        slim_records.begin_look()
        return sum(len(found.take(100)[0]) for found in partitions)

    partitions = [records(batch(0, [b"x" * 5_000_000], SNAPPY)) for _ in range(10)]
    begun = []
    while sum(begun) < 10:
        begun.append(look())
    assert begun == [7, 3]


def test_values_no_letter_holds_are_cut_but_not_for_those_who_want_them_whole() -> None:
    raw = batch(0, [b"ab" * VALUE_BYTES_MAX, b"small"], ZSTD)
    (cut, small) = taken(records(raw))
    assert isinstance(cut.value, Cut)
    assert (len(cut.value), cut.value[:4], small.value) == (2 * VALUE_BYTES_MAX, b"abab", b"small")
    (whole, _) = taken(records(raw, WHOLE))
    assert whole.value == b"ab" * VALUE_BYTES_MAX


def test_large_records_wait_while_others_are_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slim_records, "IN_HAND_BYTES_MAX", SMALL_BYTES)
    found = records(batch(0, [b"x" * SMALL_BYTES, b"y" * SMALL_BYTES], ZSTD))
    first, more = found.take(100)
    assert ([record.offset for record in first], more) == ([0], True)
    assert found.take(100) == ([], True)
    del first
    assert [record.offset for record in taken(found)] == [1]


def test_a_fetch_s_result_gives_them_by_batches_and_keeps_the_position() -> None:
    state = SimpleNamespace(paused=False, position=0, consumed_to=lambda offset: setattr(state, "position", offset))
    assignment = SimpleNamespace(active=True, state_value=lambda tp: state)
    found = records(batch(0, [b"a", b"b", b"c"]))
    result = fetcher.FetchResult(TP, assignment=assignment, partition_records=found, backoff=0)
    assert [record.offset for record in result.getall(2)] == [0, 1]
    assert (state.position, result.has_more()) == (2, True)
    assert [record.offset for record in result.getall(2)] == [2]
    assert (state.position, result.has_more()) == (3, False)


def test_the_key_stays_as_it_is() -> None:
    assert (AS_PARSED(b"k"), WHOLE(b"k")) == (b"k", b"k")
