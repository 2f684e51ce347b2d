"""Values in Confluent's wire format, joined and sorted by the id of their writer's schema."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from app.engine.decode.cursor import Content, Ints, Words
from app.engine.decode.resolve import HEAD_BYTES

#: Longer values are read one by one: copying them would cost more than it saves.
MAX_JOINED_BYTES = 16_384

_HEAD_MASK = np.uint64(2 ** (8 * HEAD_BYTES) - 1)
_NO_HEAD: Final = 1  # its first byte is not the magic one


class Group(NamedTuple):
    """The records (by index) written with one schema, and where their bodies start and end in the content."""

    schema_id: int
    rows: Ints
    starts: Ints
    ends: Ints


def joined(values: Sequence[bytes | None]) -> tuple[Content, list[Group]]:
    """The values that are not too long, of one record at least, and those that look like Avro, by first record."""
    bodies = [value if value is not None and len(value) <= MAX_JOINED_BYTES else b"" for value in values]
    lengths = np.fromiter(map(len, bodies), np.int64, len(bodies))
    content = Content(bodies)
    ends = np.cumsum(lengths)
    starts = ends - lengths
    heads = content.words[starts] & _HEAD_MASK
    heads[lengths < HEAD_BYTES] = _NO_HEAD
    return content, [
        Group(schema_id, rows, starts[rows] + HEAD_BYTES, ends[rows]) for schema_id, rows in _by_schema(heads)
    ]


def _by_schema(heads: Words) -> Iterator[tuple[int, Ints]]:
    if (heads == heads[0]).all():
        found, order, which = heads[:1], [0], np.zeros(len(heads), np.int64)
    else:
        found, first, which = np.unique(heads, return_index=True, return_inverse=True)
        order = np.argsort(first).tolist()
    for index in order:
        magic, *schema_id = int(found[index]).to_bytes(HEAD_BYTES, "little")
        if magic == 0:
            yield int.from_bytes(bytes(schema_id), "big"), np.flatnonzero(which == index)
