"""The watching reader: whatever is lost, doubled, reordered or torn after it was shown must be found."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from aiokafka import TopicPartition

from tests.chaos.shown import Shown

TP = TopicPartition("payment-completed", 3)


class Record(NamedTuple):
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


RECORDS = [Record(offset, b"key-%d" % offset, b"value-%d" % offset) for offset in (0, 1, 3, 4, 7)]  # markers between


def shown(records: list[Record]) -> Shown:
    found = Shown()
    for record in records:
        found.add(TP, record)
    return found


def test_what_was_shown_and_stays_passes_and_more_may_come() -> None:
    assert shown(RECORDS).differences(shown(RECORDS)) == []
    assert shown(RECORDS[:3]).differences(shown(RECORDS)) == []
    assert shown([]).differences(shown(RECORDS)) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda records: records[:-1],
        lambda records: records[1:],
        lambda records: [*records[:2], *records[3:]],
        lambda records: [records[0], records[0], *records[1:]],
        lambda records: [*records[:2], Record(2, b"key-2", b"late"), *records[2:]],
        lambda records: [records[0], records[2], records[1], *records[3:]],
        lambda records: [records[0]._replace(value=records[1].value), *records[1:]],
        lambda records: [records[0]._replace(key=None), *records[1:]],
        lambda records: [records[0]._replace(headers=(("dlt-reason", b"x"),)), *records[1:]],
        lambda records: [],
    ],
    ids=[
        "last-lost",
        "first-lost",
        "lost",
        "doubled",
        "came-late",
        "reordered",
        "torn",
        "no-key",
        "header",
        "all-lost",
    ],
)
def test_anything_else_is_found(damage: Callable[[list[Record]], list[Record]]) -> None:
    assert len(shown(RECORDS).differences(shown(damage(RECORDS)))) >= 1


def test_where_one_part_ends_and_the_next_begins_counts() -> None:
    assert shown([Record(0, b"ab", b"c")]).differences(shown([Record(0, b"a", b"bc")]))
    assert shown([Record(0, b"", None)]).differences(shown([Record(0, None, b"")]))
