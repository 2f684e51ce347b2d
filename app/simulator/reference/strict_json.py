"""JSON as RFC 8259 has it, nothing more, and its reading by a record's shape."""

import datetime
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from app.simulator.reference.avro import INT_BITS, LONG_BITS, DoesNotFit, type_of
from app.simulator.reference.shapes import Shape

DEEPEST = 1_000
LONGEST_INTEGER = 400  # digits; no int field comes near, and a double is infinite by then
EPOCH = datetime.date(1970, 1, 1)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class NotJson(Exception):
    """A strict parser refuses the text (rule 7: not-avro-or-json)."""


def parse(value: bytes) -> dict[str, Any]:
    """The object in `value`, of doubled names the last; NotJson where the text is not strictly RFC 8259."""
    try:
        text = value.decode("utf-8")
        _check_depth(text)
        with _room_for_depth():
            parsed = json.loads(text, parse_constant=_refuse, parse_int=_integer, object_pairs_hook=_object)
    except ValueError:
        raise NotJson from None
    if not isinstance(parsed, dict):
        raise NotJson
    return parsed


@contextmanager
def _room_for_depth() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + 4 * DEEPEST)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _check_depth(text: str) -> None:
    depth, inside_string, escaped = 0, False, False
    if text.count("{") + text.count("[") <= DEEPEST:
        return
    for letter in text:
        if inside_string:
            inside_string = escaped or letter != '"'
            escaped = letter == "\\" and not escaped
        elif letter == '"':
            inside_string = True
        elif letter in "{[":
            depth += 1
            if depth > DEEPEST:
                raise NotJson
        elif letter in "}]":
            depth -= 1


def _refuse(_constant: str) -> NoReturn:
    raise NotJson


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_INTEGER else float(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for name, value in pairs:
        _check_surrogates(name)
        _check_surrogates(value)
    return dict(pairs)


def _check_surrogates(value: Any) -> None:
    if isinstance(value, str):
        value.encode()  # UnicodeEncodeError, a ValueError, for a surrogate alone
    if isinstance(value, list):
        for element in value:
            _check_surrogates(element)


def read_record(parsed: dict[str, Any], reader: Shape) -> dict[str, Any]:
    """The reader's fields out of a parsed object; defaults filled in, unknown names ignored; else DoesNotFit."""
    fields: dict[str, Any] = {}
    for field in reader["fields"]:
        if field["name"] in parsed:
            fields[field["name"]] = _read(parsed[field["name"]], field["type"])
        elif "default" in field:
            fields[field["name"]] = field["default"]
        else:
            raise DoesNotFit
    return fields


def _read(value: Any, shape: Shape) -> Any:
    if isinstance(shape, list):
        return None if value is None else _read(value, next(branch for branch in shape if branch != "null"))
    kind = type_of(shape)
    if kind == "string" and isinstance(value, str):
        return value
    if kind == "enum" and isinstance(value, str) and value in shape["symbols"]:
        return value
    if isinstance(shape, dict) and shape.get("logicalType") == "date":
        return _date(value)
    if isinstance(value, bool):
        raise DoesNotFit
    if kind in ("int", "long") and isinstance(value, int):
        bits = INT_BITS if kind == "int" else LONG_BITS
        if -(1 << bits) <= value < 1 << bits:
            return value
    if kind == "double" and isinstance(value, int | float):
        return _double(value)
    raise DoesNotFit


def _date(value: Any) -> int:
    if not isinstance(value, str) or not DATE.fullmatch(value):
        raise DoesNotFit
    try:
        return (datetime.date.fromisoformat(value) - EPOCH).days
    except ValueError:
        raise DoesNotFit from None


def _double(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
