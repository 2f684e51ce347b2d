import random
from decimal import Decimal, Inexact
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.exact import ZERO, amount, minus, plus

DOUBLES = st.floats(min_value=0, allow_nan=False, allow_infinity=False)


def total(values: list[float]) -> Decimal:
    found = ZERO
    for value in values:
        found = plus(found, amount(value))
    return found


def test_a_double_is_what_its_writer_meant() -> None:
    assert total([0.1, 0.2]) == Decimal("0.3")
    assert total([0.1] * 10) == 1
    assert amount(5) == 5
    assert str(amount(-0.0)) in ("-0.0", "0")


@given(st.lists(DOUBLES, max_size=20), st.randoms(use_true_random=False))
def test_order_makes_no_difference(values: list[float], rng: random.Random) -> None:
    shuffled = list(values)
    rng.shuffle(shuffled)
    found = total(values)
    assert found == total(shuffled)
    assert Fraction(found) == sum((Fraction(repr(value)) for value in values), Fraction(0))


def test_the_largest_and_the_smallest_double_add_up_exactly() -> None:
    found = total([1.7976931348623157e308, 5e-324] * 3)
    assert Fraction(found) == 3 * (Fraction("1.7976931348623157e308") + Fraction("5e-324"))
    assert minus(found, amount(5e-324)) < found


def test_nothing_is_ever_rounded() -> None:
    with pytest.raises(Inexact):
        plus(Decimal("1e1000"), Decimal("1e-1000"))


def test_whole_numbers_stay_whole() -> None:
    assert (plus(2**62, 2**62), minus(3, 5)) == (2**63, -2)
