"""Changelogs and copies on disk: a lost, doubled, reordered or torn record of a commit must be found."""

from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from app.engine.changelog import POSITION_KEY, Position, SourcePosition, ids_key
from app.engine.storage import PartitionStore
from tests.chaos.copies import Copy, History, copies
from tests.chaos.damage import DAMAGES

PLACE = ("inventory", 0)
TAG = b"\x10"


class Record(NamedTuple):
    offset: int
    key: bytes
    value: bytes | None


def position(reached: int, upstream: int = 0, ids: int = 0, writer: str = "w") -> bytes:
    at = {"inventory-events": SourcePosition(reached, 1)}
    return Position(at, {1: (upstream, 0)} if upstream else {}, ids, writer).encode()


#: Three commits; each is followed by a marker, which takes an offset.
LOG = [
    Record(0, TAG + b"a", b"1"),
    Record(1, TAG + b"b", b"1"),
    Record(2, POSITION_KEY, position(10)),
    Record(4, TAG + b"a", b"2"),
    Record(5, ids_key(0), b"ids"),
    Record(6, POSITION_KEY, position(20, upstream=5, ids=1)),
    Record(8, TAG + b"b", None),
    Record(9, POSITION_KEY, position(20, upstream=9, ids=1)),
]
AFTER = {
    4: {TAG + b"a": b"1", TAG + b"b": b"1", POSITION_KEY: position(10)},
    8: {TAG + b"a": b"2", TAG + b"b": b"1", ids_key(0): b"ids", POSITION_KEY: position(20, upstream=5, ids=1)},
    11: {TAG + b"a": b"2", ids_key(0): b"ids", POSITION_KEY: position(20, upstream=9, ids=1)},
}
RIGHT = [Copy(f"worker/{offset}", PLACE, offset, rows) for offset, rows in AFTER.items()]


def problems(log: Iterable[Record], found: Iterable[Copy] = ()) -> list[str]:
    history = History("changelog-0", found)
    for record in log:
        history.feed(record)
    history.finish()
    return history.problems


def test_what_is_right_passes_wherever_a_copy_has_stopped() -> None:
    assert problems(LOG, RIGHT) == []
    assert problems([], [Copy("worker/new", PLACE, 0, {})]) == []


def renumbered(log: list[Record]) -> list[Record]:
    return [record._replace(offset=offset) for offset, record in enumerate(log)]


@pytest.mark.parametrize(
    "damage",
    [
        lambda log: log[:-1],
        lambda log: [*log[:6], *log[3:6], *log[6:]],
        lambda log: [*log[3:6], *log[:3], *log[6:]],
        lambda log: [*log[:3], *log[6:], *log[3:6]],
    ],
    ids=["torn", "doubled", "reordered", "reordered-end"],
)
def test_a_history_that_does_not_go_forward_is_found(damage: Callable[[list[Record]], list[Record]]) -> None:
    assert problems(renumbered(damage(LOG)))


@pytest.mark.parametrize("lost", [number for number, record in enumerate(LOG) if record.key != POSITION_KEY])
def test_a_lost_row_is_found_by_the_copies_that_have_it(lost: int) -> None:
    assert problems(LOG[:lost] + LOG[lost + 1 :], RIGHT)


@pytest.mark.parametrize(
    ("offset", "change"),
    [
        (4, {TAG + b"a": b"2"}),  # a row from a commit that had not come true
        (8, {TAG + b"a": b"1"}),  # a row that was never written
        (8, {POSITION_KEY: position(10)}),  # a position that stayed behind its rows
        (8, {POSITION_KEY: position(20, upstream=9, ids=1)}),  # or ran ahead of them
        (11, {TAG + b"b": b"1"}),  # a row that was deleted
        (11, {TAG + b"c": b"1"}),  # a row of somewhere else
    ],
)
def test_a_copy_that_is_not_what_its_offset_says_is_found(offset: int, change: dict[bytes, bytes]) -> None:
    wrong = Copy("worker/wrong", PLACE, offset, AFTER[offset] | change)
    assert problems(LOG, [*RIGHT, wrong])


def test_copies_are_read_from_their_directories(tmp_path: Path) -> None:
    written(tmp_path / "inventory-0")
    (tmp_path / "inventory-1.aside").mkdir()
    assert copies("worker", tmp_path, {"inventory": {TAG}}) == ([Copy("worker/inventory-0", PLACE, 4, AFTER[4])], [])


@pytest.mark.parametrize("kind", sorted(DAMAGES))
def test_a_damaged_directory_is_refused_at_the_latest_when_it_is_read(tmp_path: Path, kind: str) -> None:
    written(tmp_path / "inventory-0")
    written(tmp_path / "inventory-1")
    assert DAMAGES[kind](tmp_path / "inventory-0", Random(1))
    found, refused = copies("worker", tmp_path, {"inventory": {TAG}})
    assert ([copy.name for copy in found], refused) == (["worker/inventory-1"], ["worker/inventory-0"])


def written(directory: Path) -> None:
    store = PartitionStore(directory)
    store.write(AFTER[4].items(), 4, {b"\xf1index": True}, tallies={})
    store.close()
