from decimal import Decimal

from tables.windows import ALL, booking_windows, payment_windows, sales


def test_measures_come_back_as_they_went() -> None:
    assert sales.table.decode(sales.table.encode({"s": [2**62, 0, 1]})) == {"s": [2**62, 0, 1]}
    row = {"EURnorth": [1, 2, 3, 4, 5, Decimal("1E+308")], "": [0, 0, 0, 0, 0, Decimal("0.10")]}
    found = booking_windows.table.decode(booking_windows.table.encode(row))
    assert found == row
    assert str(found[""][5]) == "0.10"
    big = {"EUR": [1, 2, 3, 4, Decimal(2**80), Decimal(0)]}
    assert payment_windows.table.decode(payment_windows.table.encode(big)) == big


def test_windows_live_with_the_source_they_are_made_of() -> None:
    assert [(each.table.group, each.clock.group) for each in ALL] == [
        ("inventory", "inventory"),
        ("bookings", "bookings"),
        ("payments", "payments"),
    ]


def test_a_key_keeps_the_order_of_time() -> None:
    keys = [sales.table.key(series, start, "", "") for series in range(4) for start in (0, 60_000, 120_000)]
    assert keys == sorted(keys)
