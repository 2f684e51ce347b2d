"""A writer's schema as a registry has it, made a shape: names it refers to put in place, by Avro's specification."""

from typing import Any

from app.simulator.reference.avro import DoesNotFit
from app.simulator.reference.shapes import Shape

PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
DEEPEST = 64

#: The shape of what nobody can read: no record fits it.
UNREADABLE: Shape = {}


def shape_of(schema: Any) -> Shape:
    """The shape of a schema's parsed JSON; UNREADABLE where it is no Avro schema, or nested too deep."""
    try:
        return _shape(schema, "", {}, 0)
    except (DoesNotFit, KeyError, TypeError, AttributeError):
        return UNREADABLE


def _shape(schema: Any, namespace: str, named: dict[str, Shape], depth: int) -> Shape:
    if depth > DEEPEST:
        raise DoesNotFit
    if isinstance(schema, str):
        return schema if schema in PRIMITIVES else named[_full(schema, namespace)]
    if isinstance(schema, list):
        return [_shape(branch, namespace, named, depth + 1) for branch in schema]
    kind = schema["type"]
    if kind in ("array", "map"):
        inside = "items" if kind == "array" else "values"
        return {"type": kind, inside: _shape(schema[inside], namespace, named, depth + 1)}
    if kind not in ("record", "error", "enum", "fixed"):
        return _shape(kind, namespace, named, depth + 1)
    name = _full(schema["name"], schema.get("namespace", namespace))
    # Known by name before its fields are: they may be of its own type.
    shape = named[name] = {"type": "record" if kind == "error" else kind, "name": name}
    if kind == "enum":
        shape["symbols"] = _only(str, schema["symbols"])
    elif kind == "fixed":
        shape["size"] = _only(int, [schema["size"]])[0]
    else:
        inner, fields = name.rpartition(".")[0], _only(dict, schema["fields"])
        shape["fields"] = [
            {"name": field["name"], "type": _shape(field["type"], inner, named, depth + 1)} for field in fields
        ]
    return shape


def _full(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"


def _only(kind: type, found: Any) -> list[Any]:
    if not isinstance(found, list) or not all(isinstance(each, kind) for each in found):
        raise DoesNotFit
    return found
