"""The reference's panes as rows of a changelog: each entry in a row of its own, all of a key under one currency."""

from collections import Counter
from decimal import Decimal
from typing import Any

from app.domain.windows import HOURS, SIZES, EventTime
from app.engine.panes import Windows, keyed, totals
from app.engine.windows import open_minute
from app.simulator.reference.windows import Place
from app.simulator.reference.windows import Windows as Modelled
from app.simulator.verification.windows import NAMES

CURRENCY = "EUR"
Rows = dict[tuple[int, bytes], bytes]


def pane_rows(windows: Windows, model: Modelled) -> Rows:
    """Values by partition and key, event time included."""
    found: Rows = {
        (partition, windows.clock.key()): windows.clock.encode(EventTime(at)) for partition, at in model.newest.items()
    }
    part = CURRENCY[: windows.part_length]
    for place, keys in model.panes.items():
        size = next(size for size in SIZES if size.span == place.span)
        for key, sums in keys.items():
            found[place.partition, keyed(windows, size).own(place.start, part + key)] = encoded(windows, sums)
        total = total_of(keys)
        # Only a total without currencies is packed here, so that its hour has to do without the open minute.
        if size is HOURS and not part:
            total.subtract(total_of(model.panes.get(open_pane(model, place), {})))
        found[place.partition, totals(windows, size).own(place.start, part)] = encoded(windows, total)
    return found


def open_pane(model: Modelled, hour: Place) -> Place:
    start = open_minute(model.newest[hour.partition])
    inside = hour.start <= start < hour.start + HOURS.span
    return Place(hour.partition, SIZES[0].span, start if inside else -1)


def total_of(keys: dict[str, Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for sums in keys.values():
        total.update(sums)
    return total


def encoded(windows: Windows, sums: Counter[str]) -> bytes:
    named: dict[str, Any] = {**sums, "amount": sums.get(CURRENCY, 0)}
    return windows.table.encode({"": [exact(name, named.get(name, 0)) for name in NAMES[windows.name]]})


def exact(name: str, value: Any) -> Any:
    return Decimal(str(float(value))) if name == "amount" else int(value)
