import pytest

from app.domain.windows import HOURS, MINUTES, Entries
from app.engine.panes import KEY_MAX, PACKED_KEY_MAX, PaneRows, Series, all_series, entries_of, keyed, totals
from tables.windows import booking_windows, payment_windows, sales

FEW = sales._replace(packed_max=2)
SERIES = keyed(FEW, MINUTES)


class Disk(dict[bytes, Entries]):
    """Rows by key, as a task would give them."""

    def __call__(self, key: bytes) -> bytes | None:
        return FEW.table.encode(self[key]) if key in self else None

    def added(self, series: Series, added: Entries, *, open: bool = False) -> Entries:
        rows, changes = PaneRows(series, 0), {}
        if open:
            rows.open(self)
        for entry, measures in added.items():
            held = rows.entries.setdefault(entry, [0, 0, 0])
            held[:] = [a + b for a, b in zip(held, measures, strict=True)]
        to_hour = rows.settle(self, changes)
        self.update(changes)
        return to_hour


@pytest.mark.parametrize("windows", [sales, booking_windows, payment_windows])
def test_the_key_of_a_packed_row_is_its_format_s(windows: object) -> None:
    for series in all_series(windows):  # type: ignore[arg-type]
        for start in (-60_000, 0, 1_750_000_000_000):
            assert series.packed(start) == series.windows.table.key(series.number, start, "", "")


def test_series_are_numbered_so_that_hours_follow_their_minutes() -> None:
    assert [series.number for series in all_series(sales)] == [0, 1, 2, 3]
    assert (keyed(sales, HOURS).number, totals(sales, HOURS).number) == (1, 3)


@pytest.mark.parametrize("open", [False, True])
def test_what_does_not_fit_the_packed_row_gets_its_own(open: bool) -> None:
    disk, long, longest = Disk(), "x" * (PACKED_KEY_MAX + 1), "x" * (KEY_MAX + 1)
    disk.added(SERIES, {"a": [1, 0, 1], long: [2, 0, 1], longest: [3, 0, 1]}, open=open)
    to_hour = disk.added(SERIES, {"b": [1, 0, 1], "c": [1, 0, 1], "a": [0, 1, 1]}, open=open)
    disk.added(SERIES, {"c": [5, 0, 1], "a": [1, 0, 1], long: [1, 0, 1]}, open=open)
    assert disk == {
        SERIES.packed(0): {"a": [2, 1, 3], "b": [1, 0, 1]},
        SERIES.own(0, "c"): {"": [6, 0, 2]},
        SERIES.own(0, long): {"": [3, 0, 2]},
    }
    # The hour of an open minute gets the rest when the minute is over.
    assert to_hour == ({"c": [1, 0, 1]} if open else {"b": [1, 0, 1], "c": [1, 0, 1], "a": [0, 1, 1]})


def test_keys_are_measured_in_bytes() -> None:
    disk = Disk()
    disk.added(SERIES, {"ü" * (PACKED_KEY_MAX // 2): [1, 0, 1], "ü" * (PACKED_KEY_MAX // 2 + 1): [1, 0, 1]})
    assert sorted(len(FEW.table.parts(key)[2]) for key in disk) == [0, PACKED_KEY_MAX // 2 + 1]


def test_a_row_says_what_it_holds() -> None:
    disk = Disk()
    disk.added(SERIES, {"a": [1, 0, 1], "b": [1, 0, 1], "c": [1, 0, 1]})
    found = [entry for key, row in disk.items() for entry in entries_of(FEW, key, row)]
    assert sorted(found) == [(0, 0, name, [1, 0, 1]) for name in "abc"]
    key = keyed(booking_windows, HOURS).own(5, "EURnorth/\0")
    assert list(entries_of(booking_windows, key, {"": [1]})) == [(1, 5, "EURnorth/\0", [1])]
