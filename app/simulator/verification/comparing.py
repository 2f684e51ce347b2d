"""Rows as they are against rows as they must be."""

from collections.abc import Iterator
from typing import Any, NamedTuple

PERSONAL = {"customer_id"}
ABSENT = "no row"


class Difference(NamedTuple):
    """One row that is not what the sources say: where it is, its key's parts, and what differs."""

    table: str
    partition: int
    key: str
    what: str


def compare(expected: dict[str, Any] | None, found: dict[str, Any] | None) -> str:
    """What differs between two rows by field, expected first; empty where nothing does."""
    if expected is None or found is None:
        return "" if expected is found else f"{ABSENT} expected" if expected is None else f"{ABSENT} found"
    return ", ".join(_fields(expected, found))


def _fields(expected: dict[str, Any], found: dict[str, Any]) -> Iterator[str]:
    for name in expected | found:
        if expected.get(name) != found.get(name):
            values = "" if name in PERSONAL else f" {expected.get(name)!r}, found {found.get(name)!r}"
            yield f"{name}: expected{values or ' another one'}"
