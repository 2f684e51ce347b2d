"""What batches of every kind of event share: rules of app.domain.poison over many records, and the making of events.

A record these rules refuse may still be good (its ids may be long in bytes and short in code points): it is read again
by itself.
"""

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

import numpy as np

from app.domain.poison import END_MS, MAX_AHEAD_MS, MAX_ID_CODE_POINTS
from app.engine.decode.columns import BROKEN, Batch, Damaged
from app.engine.decode.cursor import Ints, Mask

_NOT_A_LETTER = np.uint64(0x808080)
_FROM_A = np.uint64(0x3F3F3F)
_BEYOND_Z = np.uint64(0x252525)


def ids_good(batch: Batch, *indexes: int) -> Mask:
    """Whether ids have 1 to 128 bytes."""
    good = _is_below(batch.column(indexes[0]).lengths() - 1, MAX_ID_CODE_POINTS)
    for index in indexes[1:]:
        good &= _is_below(batch.column(index).lengths() - 1, MAX_ID_CODE_POINTS)
    return good


def times_good(occurred_at: Ints, timestamps: Ints) -> Mask:
    """Whether times (epoch ms) are within 1970..2100 and at most 10 minutes ahead of the records'."""
    return _is_below(occurred_at, END_MS) & (occurred_at <= timestamps + MAX_AHEAD_MS)


def currency_good(batch: Batch, index: int) -> Mask:
    """Whether currencies are three letters A-Z."""
    column = batch.column(index)
    letters = batch.content.words[column.numbers] & np.uint64(0xFFFFFF)
    beyond = (letters | (letters + _BEYOND_Z)) & _NOT_A_LETTER
    below = ~(letters + _FROM_A) & _NOT_A_LETTER
    good: Mask = (column.lengths() == 3) & ((beyond | below) == 0)
    return good


def key_texts(keys: Sequence[bytes | None]) -> list[str | None]:
    """Keys as text; None where there is none."""
    try:
        return [key.decode() for key in keys]  # type: ignore[union-attr]
    except (AttributeError, UnicodeDecodeError):
        return [_text(key) for key in keys]


def keyed(ids: list[Any], keys: Sequence[bytes | None]) -> list[Any]:
    """The ids; Damaged where some differ from their records' keys."""
    texts = key_texts(keys)
    if texts == ids:
        return ids
    return Damaged(name if name == text else BROKEN for name, text in zip(ids, texts, strict=True))


def made(event: type[Any], columns: Sequence[Iterable[Any]], unused: Sequence[Iterable[Any]]) -> list[Any]:
    """One event a record, of columns in the order of its fields; None where something is BROKEN."""
    events: list[Any] = list(map(tuple.__new__, repeat(event), zip(*columns, strict=False)))
    for column in (*columns, *unused):
        if isinstance(column, Damaged):
            events = [None if value is BROKEN else each for each, value in zip(events, column, strict=True)]
    return events


def _is_below(numbers: Ints, end: int) -> Mask:
    """Whether 0 <= number < end, in one comparison: seen as unsigned, what is negative is huge."""
    below: Mask = numbers.view(np.uint64) < end
    return below


def _text(key: bytes | None) -> str | None:
    try:
        return None if key is None else key.decode()
    except UnicodeDecodeError:
        return None
