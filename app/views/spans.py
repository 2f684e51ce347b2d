"""Which windows a question asks for: from, to, size and step of its query."""

import math
import re
from typing import NamedTuple

from app.domain.windows import HOURS, MINUTES, PaneSize
from app.views.parameters import Query
from app.views.responses import bad

WINDOWS_MAX = 10_000
#: Windows may begin before 1970 and end after everything.
MOMENT_MAX = 10**15 - 1

DURATION_PATTERN = "[1-9][0-9]{0,8}[mhd]"
_DURATION = re.compile("([1-9][0-9]{0,8})([mhd])", re.ASCII)
_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}

#: Parameters that say it.
NAMES = ("from", "to", "size", "step")


class Spans(NamedTuple):
    """Windows of `size` that start at the multiples of `step` in `starts`; all in ms."""

    starts: range
    size: int

    @property
    def panes(self) -> PaneSize:
        """The largest panes these windows are made of."""
        return HOURS if all(each % HOURS.span == 0 for each in (self.size, self.starts.step)) else MINUTES

    @property
    def block(self) -> int:
        """The longest span that every window is whole blocks of."""
        return math.gcd(self.size, self.starts.step)

    @property
    def whole(self) -> tuple[int, int]:
        """First moment of the first window, and the end of the last; nothing where there is none."""
        return (self.starts[0], self.starts[-1] + self.size) if self.starts else (0, 0)


def spans(query: Query) -> Spans:
    """The windows asked for; raises a 400 Problem that names the bad parameter."""
    first = query.number("from", -MOMENT_MAX, MOMENT_MAX)
    end = query.number("to", -MOMENT_MAX, MOMENT_MAX)
    if first >= end:
        raise bad("from", "is not before to")
    size = _duration(query, "size")
    step = _duration(query, "step", size)
    if step > size:
        raise bad("step", "is longer than size")
    starts = range(-(-first // step) * step, end, step)
    if len(starts) > WINDOWS_MAX:
        raise bad("to", f"makes more than {WINDOWS_MAX} windows")
    return Spans(starts, size)


def _duration(query: Query, name: str, default: int | None = None) -> int:
    text = query.text(name)
    if text is None:
        if default is None:
            raise bad(name, "is missing")
        return default
    found = _DURATION.fullmatch(text)
    if found is None:
        raise bad(name, "is not a duration like 1m, 15m, 1h or 1d")
    return int(found[1]) * _UNITS[found[2]]
