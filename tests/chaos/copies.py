"""Every copy on disk against its changelog: at the offset a copy has reached it must hold what the changelog says
there, nothing else and nothing early."""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from rocksdict import AccessType, Options, Rdict

from app.engine.changelog import POSITION_KEY, Position, SourcePosition
from app.engine.group import GROUPS, Group
from app.engine.storage import _CHANGELOG_OFFSET, EVENT_IDS, POSITION, PartitionStore
from app.engine.store_failure import StoreDamaged
from tests.chaos.committed import records
from tests.chaos.shown import Shown

Rows = dict[bytes, bytes]
Place = tuple[str, int]  # group, partition
_DIRECTORY = re.compile(r"([a-z]+)-(\d+)")


class Copy(NamedTuple):
    """What one directory holds, and the changelog offset it says it has reached."""

    name: str
    place: Place
    offset: int
    rows: Rows


def copies(name: str, state: Path, tags: dict[str, set[bytes]]) -> tuple[list[Copy], list[str]]:
    """The copies of a worker that has ended, and the names of those the engine refuses to read.

    `tags` are the first bytes of what a group's changelog holds."""
    found, refused = [], []
    for directory in sorted(state.iterdir()) if state.exists() else ():
        match = _DIRECTORY.fullmatch(directory.name)
        if match is not None:  # else it was set aside
            place = (match[1], int(match[2]))
            if is_refused(directory):
                refused.append(f"{name}/{directory.name}")
                continue
            offset, rows = _read(directory, tags[place[0]] | {POSITION, EVENT_IDS})
            found.append(Copy(f"{name}/{directory.name}", place, offset, rows))
    return found, refused


def is_refused(directory: Path) -> bool:
    """Whether the engine finds that a directory is damaged, at the latest when it reads what is damaged."""
    try:
        store = PartitionStore(directory)
        try:
            for _ in store.scan(b"", b"\xff" * 8):
                pass
        finally:
            store.close()
    except StoreDamaged:
        return True
    return False


def _read(directory: Path, tags: set[bytes]) -> tuple[int, Rows]:
    """Straight from the disk: nothing of the engine stands between."""
    db = Rdict(str(directory), Options(raw_mode=True), access_type=AccessType.read_only())
    try:
        rows = {}
        iterator = db.iter()
        iterator.seek_to_first()
        while iterator.valid():
            if iterator.key()[:1] in tags:
                rows[iterator.key()] = iterator.value()
            iterator.next()
        iterator.status()
        offset = db.get(_CHANGELOG_OFFSET)
        return (0 if offset is None else int.from_bytes(offset, "big")), rows
    finally:
        db.close()


class History:
    """A changelog partition, fed record by record: its rows, and whether every commit follows from the one before."""

    def __init__(self, name: str, due: Iterable[Copy]) -> None:
        self.rows: Rows = {}
        self.end = 0
        self.position = Position({}, {}, 0)
        self.problems: list[str] = []
        self._name = name
        self._due = sorted(due, key=lambda copy: copy.offset, reverse=True)
        self._whole = True

    def feed(self, record: Any) -> None:
        """The next record."""
        self._compare(record.offset)
        self.end = record.offset + 1
        if record.value is None:
            self.rows.pop(record.key, None)
        else:
            self.rows[record.key] = record.value
        self._whole = record.key == POSITION_KEY
        if self._whole:
            self._follow(record.offset, Position.decode(record.value))

    def finish(self) -> None:
        """There is no more."""
        self._compare(None)
        if not self._whole:
            self.problems.append(f"{self._name}: the last commit has no position: it is torn")

    def _follow(self, offset: int, position: Position) -> None:
        before = self.position
        nowhere = SourcePosition(-1, 0)
        back = [
            topic
            for topic, at in before.sources.items()
            if position.sources.get(topic, nowhere).next_offset < at.next_offset
        ]
        back += [f"reservations of {n}" for n, at in before.upstream.items() if position.upstream.get(n, (-1, 0)) < at]
        if back or position.ids < before.ids:
            goes_back = f"goes back in {back or 'ids'}: after {before} came {position}"
            self.problems.append(f"{self._name}: the position at {offset} {goes_back}")
        elif position._replace(writer="") == before._replace(writer=""):
            self.problems.append(f"{self._name}: the position at {offset} was committed twice")
        self.position = position

    def _compare(self, offset: int | None) -> None:
        while self._due and (offset is None or self._due[-1].offset <= offset):
            self._compare_one(self._due.pop())

    def _compare_one(self, copy: Copy) -> None:
        if copy.rows == self.rows:
            return
        wrong = [key for key in copy.rows.keys() | self.rows.keys() if copy.rows.get(key) != self.rows.get(key)]
        first = min(wrong)
        said, true = copy.rows.get(first), self.rows.get(first)
        self.problems.append(
            f"{copy.name} at {copy.offset}: {len(wrong)} of {len(self.rows)} rows differ from {self._name}; "
            f"{first!r} is {said!r}, must be {true!r}"
        )


async def histories(bootstrap: str, found: Iterable[Copy], final: Shown) -> dict[Place, History]:
    """Every changelog partition from beginning to end, with the copies compared on the way; noted in `final`."""
    by_place: dict[Place, list[Copy]] = defaultdict(list)
    for copy in found:
        by_place[copy.place].append(copy)
    group_of: dict[str, Group] = {group.changelog: group for group in GROUPS}
    made = {
        (group.name, n): History(f"{group.changelog}-{n}", by_place[group.name, n])
        for group in GROUPS
        for n in range(group.partitions)
    }
    async for tp, record in records(bootstrap, list(group_of)):
        made[group_of[tp.topic].name, tp.partition].feed(record)
        final.add(tp, record)
    for history in made.values():
        history.finish()
    return made
