import json
import re
import time
import tracemalloc
from typing import Any

import orjson
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.engine.decode.large_json import MAX_LEVELS, members

NAMES = ("a", "b", "ก")
BEYOND_DOUBLE = re.compile(rb"[eE][+]?\d{3,}|\d{300,}")


def found(text: bytes, window: int = 1 << 18) -> Any:
    return members(text, NAMES, lambda part: orjson.loads(b"[%b]" % part)[0], window=window)


def expected(text: bytes) -> Any:
    """What the whole document says; of lists and objects only that they are there."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(document, dict):
        return None
    kept = {name: value for name, value in document.items() if name in NAMES}
    return {name: [] if isinstance(value, dict | list) else value for name, value in kept.items()}


TEXT = st.text(st.sampled_from('ab"\\\n ก{}[],:\U0001f6cf') | st.characters(codec="utf-8"), max_size=6)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
)
NAMED = st.sampled_from(NAMES) | TEXT
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMED, inner, max_size=4), max_leaves=15
)
DOCUMENTS = st.builds(
    lambda document, ascii_only, indent: json.dumps(document, ensure_ascii=ascii_only, indent=indent).encode(),
    st.dictionaries(NAMED, VALUES, max_size=5),
    st.booleans(),
    st.sampled_from([None, 0, 2]),
)


@settings(max_examples=150)
@given(DOCUMENTS, st.integers(1, 40))
def test_good_documents(text: bytes, window: int) -> None:
    assert found(text, window) == expected(text)


PIECES = [*b'{}[]:,"0a-. \\', 0xFF]
PARTS = st.sampled_from(
    [b"1", b"true", b'"a"', b'"', b"{", b"}", b"[", b"]", b":", b",", b" ", b"\\", b"-", b"e5", b"\xe0"]
)


@settings(max_examples=150)
@given(
    DOCUMENTS, st.lists(st.tuples(st.integers(0), st.integers(0, 2), PARTS), min_size=1, max_size=3), st.integers(1, 40)
)
def test_damaged_documents_are_refused_as_a_whole_parser_would(
    text: bytes, edits: list[tuple[int, int, bytes]], window: int
) -> None:
    for at, cut, part in edits:
        place = at % (len(text) + 1)
        text = text[:place] + part + text[place + cut :]
    # orjson refuses numbers beyond a double, which are good JSON.
    assume(not BEYOND_DOUBLE.search(text))
    assert found(text, window) == expected(text)


@settings(max_examples=150)
@given(st.lists(PARTS, max_size=9).map(b"".join), st.integers(1, 20))
def test_short_texts_of_any_grammar(text: bytes, window: int) -> None:
    text = b'{"a":' + text
    assert found(text, window) == expected(text)
    assert found(text + b"}", window) == expected(text + b"}")


@pytest.mark.parametrize("window", [3, 100, 1 << 18])
def test_levels(window: int) -> None:
    def nested(levels: int) -> bytes:
        return b'{"a":' + b'[{"x":' * (levels // 2) + b"1" + b"}]" * (levels // 2) + b',"b":2}'

    assert found(nested(MAX_LEVELS - 2), window) == {"a": [], "b": 2}
    assert found(nested(MAX_LEVELS), window) is None


@pytest.mark.parametrize("escape", ["\\ud83d\\ude00", "\\u0000", '\\"\\\\\\/\\b\\f\\n\\r\\t', "\\uD7FF\\ue000"])
def test_escapes(escape: str) -> None:
    text = f'{{"a":"{escape}","{escape}":1}}'.encode()
    assert found(text) == expected(text) != {}


@pytest.mark.parametrize(
    "escape", ["\\ud83d", "\\ude00", "\\ud83dx", "\\ud83d\\u0041", "\\u12g4", "\\x", "\n", "\x7f\x1f"]
)
def test_escapes_that_are_none(escape: str) -> None:
    assert found(f'{{"a":"{escape}"}}'.encode()) is None


def test_later_members_count() -> None:
    assert found(b'{"a":1,"b":{"a":2},"\\u0061":[3],"a":4}') == {"a": 4, "b": []}


@pytest.mark.parametrize(
    "part",
    [b"[],", b"{},", b'"",', b"1e9,", b'{"a":[]},', b"[" * 900 + b"]" * 900 + b",", b'"' + b"\\\\" * 3_000_000 + b'",'],
)
def test_many_parts_take_little_memory_and_linear_time(part: bytes) -> None:
    text = b'{"x":[' + part * (6_000_000 // len(part)) + b'0],"a":1}'
    tracemalloc.start()
    start = time.monotonic()
    try:
        assert found(text) == {"a": 1}
        assert tracemalloc.get_traced_memory()[1] < 3 * len(text) + 20_000_000
    finally:
        tracemalloc.stop()
    assert time.monotonic() - start < 20
