import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.decode import strict_json
from app.engine.decode.strict_json import TOO_LARGE

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=3), inner)
    ),
    max_leaves=10,
)


def parse(text: bytes) -> dict[str, Any] | None:
    return strict_json.parse(text, ["a", "b"])


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=3), VALUES, max_size=4), st.booleans())
def test_documents(document: dict[str, Any], ascii_only: bool) -> None:
    assert parse(json.dumps(document, ensure_ascii=ascii_only).encode()) == document


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b"{}x",
        b"{}\0",
        b"\xef\xbb\xbf{}",
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":01}',
        b'{"a":1.}',
        b'{"a":.5}',
        b'{"a":+1}',
        b'{"a":"\n"}',
        b'{"a":"\\x41"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\udc00\\ud800"}',
        b'{"\\udc00":1}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xff"}',
        b'{"a":1e400,}',
        b'{"a":1e400e400}',
        b'{"a":1e400} x',
        b'{"a":1e400,"b":"\\ud800"}',
    ],
)
def test_what_a_strict_parser_refuses(text: bytes) -> None:
    assert parse(text) is None


def test_of_doubled_names_the_last_counts() -> None:
    assert parse(b'{"a":1,"\\u0061":2}') == {"a": 2}


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_a_thousand_levels_and_no_more(opening: bytes) -> None:
    def nested(levels: int) -> bytes:
        closing = b"]" if opening == b"[" else b"}"
        return b'{"x":' + opening * (levels - 1) + b"1" + closing * (levels - 1) + b"}"

    assert parse(nested(1000)) is not None
    assert parse(nested(1001)) is None
    assert parse(nested(1_000_000)) is None


def test_brackets_in_strings_are_no_levels() -> None:
    text = "[{" * 5000 + '\\" ['
    assert parse(json.dumps({"a": text, text: 1}).encode()) == {"a": text}
    assert parse(json.dumps({"a": [[]] * 2000, "b": 1.5, "c": 0}).encode()) == {"a": [], "b": 1.5}


def test_documents_of_many_parts_give_what_is_wanted() -> None:
    parts = ",".join(str(number) for number in range(strict_json.MAX_PARTS + 1))
    text = f'{{"x": [{parts}], "a": 1e400, "b": "\\u0e01"}}'
    assert parse(text.encode()) == {"a": TOO_LARGE, "b": "ก"}
    assert parse(text[:-1].encode()) is None


@pytest.mark.parametrize(
    "number", ["1e400", "-1e309", "1E+0400", "9" * 309, "2" + "0" * 308 + ".5e0", "2" * 210 + "e99", "1" * 400 + "e-10"]
)
def test_numbers_beyond_a_double_are_good_json(number: str) -> None:
    assert math.isinf(float(number))
    text = f'{{"a": {number}, "b": [{number}, 1e300, "1e400 \\" "], "1e400": 0}}'
    marked = [TOO_LARGE, 1e300, '1e400 " ']
    assert parse(text.encode()) == {"a": TOO_LARGE, "b": marked, "1e400": 0}


def test_numbers_that_come_back_within_a_double_are_kept() -> None:
    number = "1" * 400 + "e-100"
    assert parse(f'{{"a": {number}, "b": 1e400}}'.encode()) == {"a": float(number), "b": TOO_LARGE}


@pytest.mark.parametrize("number", ["1e-400", "0e999", "0.0e400", "1" * 300, "18446744073709551616"])
def test_other_long_numbers_are_numbers(number: str) -> None:
    assert parse(b'{"a": %b}' % number.encode()) == {"a": float(number)}


@given(st.binary(max_size=40))
def test_any_bytes_are_parsed_or_refused(text: bytes) -> None:
    found = parse(b"{" + text)
    assert found is None or isinstance(found, dict)
