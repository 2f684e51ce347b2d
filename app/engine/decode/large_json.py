"""JSON of many parts, checked a window at a time: what it is made of is never all in memory, and time is linear.

A document of 64 MiB may hold 20 million empty lists, which as objects would take 2 GB. Of such documents only the
wanted members of the outermost object are looked at; the rest is held against RFC 8259's grammar as arrays of tokens.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

MAX_LEVELS = 1_000
WINDOW_BYTES = 1 << 18

_SPACE = rb"[ \t\n\r]*+"
_HEX = rb"[0-9a-fA-F]"
_PAIR = rb"[dD][89abAB]" + _HEX * 2 + rb"\\u[dD][c-fC-F]" + _HEX * 2
_UNICODE = rb"u(?:[0-9a-cefA-CEF]" + _HEX * 3 + rb"|[dD][0-7]" + _HEX * 2 + rb"|" + _PAIR + rb")"
_STRING = rb'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|' + _UNICODE + rb'))*+"'
_SCALAR = rb"(?:-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+|true|false|null)(?=[ \t\n\r\[\]{}:,\"])"
_TOKEN = _SPACE + rb"(?:[\[\]{}:,]|" + _STRING + rb"|" + _SCALAR + rb")"
_ONE_TOKEN = re.compile(_TOKEN)
_TOKENS = re.compile(rb"(?:" + _TOKEN + rb")*+")
_MEMBER = re.compile(_SPACE + rb":" + _SPACE + rb"(?:([\[{])|(" + _STRING + rb"|" + _SCALAR + rb"))")

_OPEN_LIST, _OPEN_OBJECT, _CLOSE_LIST, _CLOSE_OBJECT, _COLON, _COMMA, _VALUE, _NAME, _QUOTE = range(1, 10)
_CLASSES = np.zeros(256, np.int8)
_CLASSES[list(b"[{]}:,")] = [_OPEN_LIST, _OPEN_OBJECT, _CLOSE_LIST, _CLOSE_OBJECT, _COLON, _COMMA]
_CLASSES[list(b"-+.0123456789eEtrufalsn")] = _VALUE
_CLASSES[ord('"')] = _QUOTE
_DEPTHS = np.zeros(10, np.int32)
_DEPTHS[[_OPEN_LIST, _OPEN_OBJECT]], _DEPTHS[[_CLOSE_LIST, _CLOSE_OBJECT]] = 1, -1

Tokens = npt.NDArray[np.int8]
Places = npt.NDArray[np.int64]


def _grammar() -> npt.NDArray[np.bool_]:
    """Whether a token may follow another, by the innermost open bracket between them (0 for none)."""
    may_follow = np.zeros((3, 10, 10), np.bool_)
    starts = [_OPEN_LIST, _OPEN_OBJECT, _VALUE]
    for end in (_VALUE, _CLOSE_LIST, _CLOSE_OBJECT):
        may_follow[_OPEN_LIST, end, [_COMMA, _CLOSE_LIST]] = True
        may_follow[_OPEN_OBJECT, end, [_COMMA, _CLOSE_OBJECT]] = True
    may_follow[_OPEN_LIST, _OPEN_LIST, [*starts, _CLOSE_LIST]] = True
    may_follow[_OPEN_LIST, _COMMA, starts] = True
    may_follow[_OPEN_OBJECT, _OPEN_OBJECT, [_NAME, _CLOSE_OBJECT]] = True
    may_follow[_OPEN_OBJECT, _NAME, _COLON] = True
    may_follow[_OPEN_OBJECT, _COLON, starts] = True
    may_follow[_OPEN_OBJECT, _COMMA, _NAME] = True
    return may_follow


_MAY_FOLLOW: Final = _grammar()


def members(
    text: bytes, wanted: Iterable[str], value: Callable[[bytes], Any], *, window: int = WINDOW_BYTES
) -> dict[str, Any] | None:
    """The wanted members of the object, or None where a strict parser refuses the text or it has over 1,000 levels.

    value reads the text of a string, number or literal; in place of lists and objects stands an empty list.
    """
    names = {name: b'"%b"' % name.encode() for name in wanted}
    longest = max((6 * len(name) + 2 for name in names), default=0)
    unescaped = frozenset(names.values())
    brackets, found = _Brackets(), {}
    for start, chunk in _chunks(text, window):
        if chunk is None:
            return None
        kinds, places, stops = _tokens(chunk)
        outermost = brackets.names_of_outermost(kinds)
        if outermost is None:
            return None
        for at in outermost[stops[outermost] - places[outermost] <= longest].tolist():
            name = chunk[places[at] : stops[at]]
            if (name in unescaped or b"\\" in name) and value(name) in names:
                found[value(name)] = start + int(stops[at])
    return {name: _member(text, at, value) for name, at in found.items()} if brackets.closed else None


def _chunks(text: bytes, window: int) -> Iterator[tuple[int, bytes | None]]:
    """Pieces of whole tokens and where they start; None in place of one where there is no token."""
    position, end = 0, len(text.rstrip(b" \t\n\r"))
    while position < end:
        tokens = _TOKENS.match(text, position, position + window)
        if tokens is None or tokens.end() == position:
            tokens = _ONE_TOKEN.match(text, position)
        chunk = None if tokens is None else text[position : tokens.end()]
        if chunk is None or tokens is None or not _is_utf8(chunk):
            yield position, None
            return
        yield position, chunk
        position = tokens.end()


def _is_utf8(chunk: bytes) -> bool:
    try:
        return chunk.isascii() or bool(chunk.decode())
    except UnicodeDecodeError:
        return False


def _tokens(chunk: bytes) -> tuple[Tokens, Places, Places]:
    """The kind of each token, where it starts, and, of strings, where it stops."""
    if b"\\" in chunk:
        chunk = chunk.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    kinds = _CLASSES[np.frombuffer(chunk, np.uint8)]
    quotes = kinds == _QUOTE
    inside = np.cumsum(quotes, dtype=np.int32) & 1 == 1  # from an opening quote to before the closing one
    scalars = kinds == _VALUE
    continued = np.zeros(len(kinds), np.bool_)
    continued[1:] = scalars[1:] & scalars[:-1]
    places = np.flatnonzero((quotes & inside) | ((kinds > 0) & ~inside & ~quotes & ~continued))
    found = kinds[places]
    strings = found == _QUOTE
    stops = np.zeros(len(places), np.int64)
    stops[strings] = np.flatnonzero(quotes & ~inside) + 1
    return found, places, stops


def _member(text: bytes, position: int, value: Callable[[bytes], Any]) -> Any:
    member = _MEMBER.match(text, position)
    assert member is not None
    return [] if member[1] else value(member[2])


class _Brackets:
    """What is open between two chunks, and the last token before the next one."""

    def __init__(self) -> None:
        self._before: Tokens = np.zeros(0, np.int8)
        self.closed = False

    def names_of_outermost(self, kinds: Tokens) -> Places | None:
        """Indexes of tokens that name members of the outermost object; None where a token may not stand."""
        old = len(self._before)
        kinds = np.concatenate([self._before, kinds])
        depths = np.cumsum(_DEPTHS[kinds], dtype=np.int32)
        if self.closed or kinds[0] != _OPEN_OBJECT or depths.max() > MAX_LEVELS or depths.min() < 0:
            return None
        holders, stack = _holders(kinds, depths.astype(np.int16))
        named = (holders[:-1] == _OPEN_OBJECT) & ((kinds[:-1] == _OPEN_OBJECT) | (kinds[:-1] == _COMMA))
        new = slice(max(old - 1, 0), None)
        names = np.flatnonzero(named[new] & (kinds[1:][new] == _QUOTE)) + max(old, 1)
        kinds[names] = _NAME
        kinds[kinds == _QUOTE] = _VALUE
        if not _MAY_FOLLOW[holders[:-1][new], kinds[:-1][new], kinds[1:][new]].all():
            return None
        self.closed = not len(stack)
        last = kinds[-1]
        ends = last in (_CLOSE_LIST, _CLOSE_OBJECT)
        behind = [] if _DEPTHS[last] > 0 else [_VALUE if ends else last]
        self._before = np.concatenate([stack, np.array(behind, np.int8)])
        outermost: Places = names[depths[names] == 1] - old
        return outermost


def _holders(kinds: Tokens, depths: npt.NDArray[np.int16]) -> tuple[Tokens, Tokens]:
    """The innermost bracket open behind each token (0 for none), and all that are open at the end.

    It is the last opening one that led to the token's depth: so, in the order of depths, the last before it.
    """
    order = np.argsort(depths, kind="stable")
    opening = _DEPTHS[kinds[order]] > 0
    latest = np.maximum.accumulate(np.where(opening, np.arange(len(order)), 0))
    by_depth = np.where(depths[order] > 0, kinds[order][latest], 0).astype(np.int8)
    holders = np.empty_like(by_depth)
    holders[order] = by_depth
    ends = np.searchsorted(depths[order], np.arange(1, int(depths[-1]) + 1), side="right") - 1
    return holders, by_depth[ends]
