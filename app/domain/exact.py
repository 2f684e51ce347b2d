"""Exact sums of money: numbers of any length, so that the order of adding makes no difference."""

from decimal import Context, Decimal, Inexact
from typing import Any

#: A sum of doubles has at most 309 digits before the point, 324 behind it, and a few for how many there are.
EXACT = Context(prec=1_000, traps=[Inexact])

ZERO = Decimal(0)


def amount(value: float) -> Decimal:
    """A double as the shortest decimal that stands for it: what its writer most likely meant."""
    return Decimal(repr(float(value)))


def plus(one: Any, other: Any) -> Any:
    """The exact sum of two whole numbers or two decimals."""
    return EXACT.add(one, other) if isinstance(one, Decimal) else one + other


def minus(one: Any, other: Any) -> Any:
    """The exact difference of two whole numbers or two decimals."""
    return EXACT.subtract(one, other) if isinstance(one, Decimal) else one - other
