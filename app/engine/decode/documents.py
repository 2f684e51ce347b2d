"""A JSON document read as our record: unions are bare values, dates are text, all else is Avro's."""

import datetime
import re
from collections.abc import Callable
from typing import Any

from app.engine.decode.binary import INT_MAX, LONG_MAX
from app.engine.decode.shape import REQUIRED, Shape, Unfit
from app.engine.decode.strict_json import TOO_LARGE

#: Makes the field's value of the document's; Unfit where the type is wrong.
Fit = Callable[[Any], Any]

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_EPOCH_ORDINAL = datetime.date(1970, 1, 1).toordinal()


class DocumentPlan:
    """How documents are read as one record of ours."""

    def __init__(self, reader: Shape) -> None:
        self.names = frozenset(field.name for field in reader.fields)
        self._fields = [(field.name, field.default, fit(field.shape)) for field in reader.fields]

    def read(self, document: dict[str, Any]) -> list[Any]:
        """The record's fields in order; Unfit where one is missing or of another type."""
        values = []
        for name, default, fitted in self._fields:
            value = document.get(name, REQUIRED)
            if value is REQUIRED:
                if default is REQUIRED:
                    raise Unfit(f"{name} is missing")
                values.append(default)
                continue
            try:
                values.append(fitted(value))
            except Unfit as unfit:
                raise Unfit(f"{name} {unfit}") from None
        return values


def fit(shape: Shape) -> Fit:
    """The check, and where needed the conversion, for one type of field."""
    match shape.kind:
        case "union":
            (inner,) = (fit(branch) for branch in shape.branches if branch.kind != "null")
            return lambda value: None if value is None else inner(value)
        case "enum":
            symbols = frozenset(shape.symbols)
            return lambda value: _symbol(value, symbols)
        case "int":
            return _date if shape.logical == "date" else lambda value: _integer(value, INT_MAX, "32")
        case "long":
            return lambda value: _integer(value, LONG_MAX, "64")
        case "double":
            return _double
        case "string":
            return _string
    raise ValueError(f"no JSON for {shape.kind}")


def _string(value: Any) -> str:
    if type(value) is not str:
        raise Unfit("is not a string")
    return value


def _integer(value: Any, most: int, bits: str) -> int:
    if type(value) is not int:
        raise Unfit("is not an integer")
    if not -most - 1 <= value <= most:
        raise Unfit(f"is beyond {bits} bits")
    return value


def _double(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is int:
        return float(value)
    if value == TOO_LARGE:
        return float("inf")
    raise Unfit("is not a number")


def _symbol(value: Any, symbols: frozenset[str]) -> str:
    if type(value) is not str or value not in symbols:
        raise Unfit("is not one of its symbols")
    return value


def _date(value: Any) -> int:
    if type(value) is not str or not _DATE.fullmatch(value):
        raise Unfit("is not a date as YYYY-MM-DD")
    try:
        return datetime.date.fromisoformat(value).toordinal() - _EPOCH_ORDINAL
    except ValueError:
        raise Unfit("is not a date of the calendar") from None
