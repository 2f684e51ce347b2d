"""Avro's binary encoding, one value at a time, by the specification; and its resolution of writer to reader by name."""

import struct
from collections.abc import Mapping
from typing import Any

from app.simulator.reference.shapes import Shape

INT_BITS = 31
LONG_BITS = 63
LONGEST_VARINT = 10
PROMOTED = {
    "long": {"int", "long"},
    "float": {"int", "long", "float"},
    "double": {"int", "long", "float", "double"},
    "string": {"string", "bytes"},
    "bytes": {"string", "bytes"},
}


class DoesNotFit(Exception):
    """The bytes or the JSON are not the record they claim to be (rule 7: does-not-fit-schema)."""


class Body:
    """The bytes of one Avro body and how far they were read."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.position = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes; DoesNotFit where there are fewer."""
        if count < 0 or self.position + count > len(self.content):
            raise DoesNotFit
        start, self.position = self.position, self.position + count
        return self.content[start : self.position]

    def integer(self, bits: int) -> int:
        """A zigzag varint of -2**bits .. 2**bits - 1."""
        raw = 0
        for place, byte in enumerate(self.content[self.position : self.position + LONGEST_VARINT]):
            raw |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                self.position += place + 1
                value = (raw >> 1) ^ -(raw & 1)
                if -(1 << bits) <= value < 1 << bits:
                    return value
                break
        raise DoesNotFit


def type_of(shape: Shape) -> str:
    """The name of a shape's type: a primitive, enum, fixed, array, map, record or union."""
    if isinstance(shape, str):
        return shape
    if isinstance(shape, list):
        return "union"
    return type_of(shape["type"])


def label_of(shape: Shape) -> str:
    """What must be the same in writer and reader: the type, and of an enum its name without namespace too."""
    kind = type_of(shape)
    return f"enum {shape['name'].rpartition('.')[2]}" if kind == "enum" else kind


def decode_record(content: bytes, writer: Shape) -> dict[str, tuple[str, Any]]:
    """{field: (type as written, value)} of a whole body; DoesNotFit where it is not exactly one record."""
    body = Body(content)
    try:
        fields = {field["name"]: _decode(body, field["type"]) for field in writer["fields"]}
    except RecursionError:
        raise DoesNotFit from None
    if body.position != len(content):
        raise DoesNotFit
    return fields


def _decode(body: Body, shape: Shape) -> tuple[str, Any]:
    kind = type_of(shape)
    if kind == "union":
        branch = body.integer(LONG_BITS)
        if not 0 <= branch < len(shape):
            raise DoesNotFit
        return _decode(body, shape[branch])
    if kind == "enum":
        index = body.integer(INT_BITS)
        if not 0 <= index < len(shape["symbols"]):
            raise DoesNotFit
        return label_of(shape), shape["symbols"][index]
    if kind == "fixed":
        return kind, body.take(shape["size"])
    if kind in ("array", "map"):
        return kind, _blocks(body, shape, kind)
    if kind == "record":
        return kind, {field["name"]: _decode(body, field["type"]) for field in shape["fields"]}
    return kind, _primitive(body, kind)


def _primitive(body: Body, kind: str) -> Any:
    if kind == "null":
        return None
    if kind == "boolean":
        byte = body.take(1)[0]
        if byte > 1:
            raise DoesNotFit
        return byte == 1
    if kind in ("int", "long"):
        return body.integer(INT_BITS if kind == "int" else LONG_BITS)
    if kind in ("float", "double"):
        return struct.unpack("<f" if kind == "float" else "<d", body.take(4 if kind == "float" else 8))[0]
    if kind not in ("string", "bytes"):
        raise DoesNotFit
    content = body.take(body.integer(LONG_BITS))
    return _text(content) if kind == "string" else content


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise DoesNotFit from None


def _blocks(body: Body, shape: Shape, kind: str) -> list[Any]:
    found: list[Any] = []
    while count := body.integer(LONG_BITS):
        if count < 0:
            count = -count
            body.integer(LONG_BITS)
        if count > len(body.content) - body.position:
            raise DoesNotFit
        for _ in range(count):
            name = _primitive(body, "string") if kind == "map" else None
            found.append((name, _decode(body, shape["values" if kind == "map" else "items"])))
    return found


def resolve_record(written: Mapping[str, tuple[str, Any]], reader: Shape) -> dict[str, Any]:
    """The reader's fields: what was written under the same name, else the default, else DoesNotFit."""
    fields: dict[str, Any] = {}
    for field in reader["fields"]:
        if field["name"] in written:
            fields[field["name"]] = _resolve(*written[field["name"]], field["type"])
        elif "default" in field:
            fields[field["name"]] = field["default"]
        else:
            raise DoesNotFit
    return fields


def _resolve(kind: str, value: Any, reader: Shape) -> Any:
    for branch in reader if isinstance(reader, list) else [reader]:
        wanted = label_of(branch)
        if kind != wanted and kind not in PROMOTED.get(wanted, ()):
            continue
        if wanted.startswith("enum") and value not in branch["symbols"]:
            continue
        if wanted == "string" and kind == "bytes":
            return _text(value)
        return float(value) if wanted in ("float", "double") else value
    raise DoesNotFit
