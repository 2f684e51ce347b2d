"""Avro schemas as typed nodes. They come from strangers: whatever is wrong with one ends as SchemaRefused."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

MAX_DEPTH = 64  # nesting, of schemas and of the data of recursive ones
PRIMITIVES: Final = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
REQUIRED: Final = object()


class SchemaRefused(Exception):
    """Not an Avro schema, or one nested too deep."""


class Unfit(Exception):
    """A body or document does not fit: the rule broken, behind the field's name; never what the record holds."""


class Field(NamedTuple):
    """A record's field; default is REQUIRED where the schema has none."""

    name: str
    shape: "Shape"
    default: Any


@dataclass(slots=True, eq=False)
class Shape:
    """One type; name is the full one, items is that of an array or a map, empty says that no value takes any bytes."""

    kind: str
    name: str = ""
    logical: str = ""
    symbols: tuple[str, ...] = ()
    size: int = 0
    items: "Shape | None" = None
    branches: tuple["Shape", ...] = ()
    fields: tuple[Field, ...] = ()
    empty: bool = False


def parse(schema: Any) -> Shape:
    """The type a schema's parsed JSON describes; SchemaRefused where it describes none."""
    return _Parser().shape(schema, "", 0)


class _Parser:
    def __init__(self) -> None:
        self._named: dict[str, Shape] = {}

    def shape(self, schema: Any, namespace: str, depth: int) -> Shape:
        if depth > MAX_DEPTH:
            raise SchemaRefused("schema is nested too deep")
        if isinstance(schema, str):
            return self._by_name(schema, namespace)
        if isinstance(schema, list):
            return Shape("union", branches=tuple(self.shape(branch, namespace, depth + 1) for branch in schema))
        if not isinstance(schema, dict):
            raise SchemaRefused("schema is malformed")
        kind = schema.get("type")
        if isinstance(kind, str) and kind in ("record", "error", "enum", "fixed"):
            return self._declared(schema, kind, namespace, depth)
        if isinstance(kind, str) and kind in ("array", "map"):
            return Shape(
                kind, items=self.shape(schema.get("items" if kind == "array" else "values"), namespace, depth + 1)
            )
        inner = self.shape(kind, namespace, depth + 1)
        logical = schema.get("logicalType")
        if inner.kind in PRIMITIVES and isinstance(logical, str):
            inner.logical = logical
        return inner

    def _by_name(self, name: str, namespace: str) -> Shape:
        if name in PRIMITIVES:
            return Shape(name, empty=name == "null")
        known = self._named.get(name if "." in name or not namespace else f"{namespace}.{name}")
        if known is None:
            raise SchemaRefused("schema names a type it does not declare")
        return known

    def _declared(self, schema: dict[str, Any], kind: str, namespace: str, depth: int) -> Shape:
        name = schema.get("name")
        if not isinstance(name, str):
            raise SchemaRefused("schema is malformed")
        given = schema.get("namespace", namespace)
        path, _, last = name.rpartition(".")
        path = path or (given if isinstance(given, str) else "")
        shape = Shape("record" if kind == "error" else kind, name=f"{path}.{last}" if path else last)
        self._named[shape.name] = shape
        if kind == "enum":
            shape.symbols = _strings(schema.get("symbols"))
        elif kind == "fixed":
            shape.size = _size(schema.get("size"))
            shape.empty = shape.size == 0
        else:
            shape.fields = tuple(self._field(each, path, depth) for each in _dicts(schema.get("fields")))
            shape.empty = all(field.shape.empty for field in shape.fields)
        return shape

    def _field(self, schema: dict[str, Any], namespace: str, depth: int) -> Field:
        name = schema.get("name")
        if not isinstance(name, str):
            raise SchemaRefused("schema is malformed")
        return Field(name, self.shape(schema.get("type"), namespace, depth + 1), schema.get("default", REQUIRED))


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise SchemaRefused("schema is malformed")
    return tuple(value)


def _dicts(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise SchemaRefused("schema is malformed")
    return value


def _size(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise SchemaRefused("schema is malformed")
    return value
