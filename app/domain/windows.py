"""Event-time windows: panes of one minute and of one hour, when an event is late for them, and windows made of them.

    occurredAt  ──|─────|─────|─────|─────|──▶       panes stand side by side, aligned to 1970
                  [ window  [ window  )              size 2 panes, step 1: hopping windows are sums of panes

A pane is kept until the newest occurredAt of its source partition is further from its end than its size says.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from app.domain.exact import minus, plus

_HOUR = 3_600_000
_DAY = 24 * _HOUR

#: The newest occurredAt where nothing was applied yet.
NEVER = -1


class PaneSize(NamedTuple):
    """How long a pane is, and how far behind the newest occurredAt its end may be; ms."""

    span: int
    kept: int


MINUTES = PaneSize(60_000, _DAY)
HOURS = PaneSize(_HOUR, 35 * _DAY)
SIZES = (MINUTES, HOURS)


class EventTime(NamedTuple):
    """The newest occurredAt (epoch ms) applied in a source partition."""

    newest: int


#: Measures of a pane, by key.
Entries = dict[str, list[Any]]


class Pane(NamedTuple):
    """Measures by key, and their total by what a total is told apart by: currencies of bookings, else nothing."""

    entries: Entries
    totals: Entries


def horizon(size: PaneSize, newest: int) -> int:
    """The first pane start that is still kept."""
    return newest - size.kept - size.span


class Panes:
    """The panes that events fall into, in the order of the log, and how many events came too late for theirs.

    An event is added to its minute, and to its hour only where it is late for the minute: hours are made of minutes.
    load gives the pane of a size that starts at a time; it is asked once for each.
    """

    def __init__(self, newest: int, load: Callable[[PaneSize, int], Pane]) -> None:
        self.newest = newest
        self.late = 0
        self._load = load
        self._open: dict[tuple[PaneSize, int], Pane] = {}

    def of(self, occurred_at: int) -> Pane:
        """The pane to add an event to; where it is late for both sizes, one that goes nowhere."""
        for size in SIZES:
            start = occurred_at - occurred_at % size.span
            if start >= horizon(size, self.newest):
                pane = self._open.get((size, start))
                if pane is None:
                    pane = self._open[size, start] = self._load(size, start)
                return pane
            self.late += 1
        return Pane({}, {})


class Block(NamedTuple):
    """The sums of some panes side by side, from a start on, of one currency where measures are told apart by it."""

    start: int
    part: str
    measures: list[Any]


class Window(NamedTuple):
    """The sums of the blocks in [start, end), by currency where measures are told apart by it."""

    start: int
    end: int
    parts: Entries


def compose(blocks: Iterable[Block], starts: Iterable[int], size: int) -> Iterator[Window]:
    """Windows of these rising starts with anything in them; each block is added once and taken away once."""
    coming, inside = deque(sorted(blocks)), deque[Block]()
    sums: Entries = {}
    count: dict[str, int] = {}
    for start in starts:
        while coming and coming[0].start < start + size:
            block = coming.popleft()
            inside.append(block)
            count[block.part] = count.get(block.part, 0) + 1
            held = sums.get(block.part)
            sums[block.part] = list(block.measures if held is None else map(plus, held, block.measures))
        while inside and inside[0].start < start:
            gone = inside.popleft()
            count[gone.part] -= 1
            sums[gone.part] = list(map(minus, sums[gone.part], gone.measures))
            if not count[gone.part]:
                del sums[gone.part]
        if sums:
            yield Window(start, start + size, dict(sums))
