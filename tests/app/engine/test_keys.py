import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.keys import KeyFormat, packed_number, text_pair_packer, unpacked_number

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\0\x01ÿ\U0010ffff"), max_size=6)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
FORMATS = [
    (KeyFormat(b"s", (str, str)), st.tuples(TEXTS, TEXTS)),
    (KeyFormat(b"a", (str, int, str)), st.tuples(TEXTS, NUMBERS, TEXTS)),
    (KeyFormat(b"\xf2", (int, str, str)), st.tuples(NUMBERS, TEXTS, TEXTS)),
    (KeyFormat(b"b", (str,)), st.tuples(TEXTS)),
    (KeyFormat(b"n", (str, int)), st.tuples(TEXTS, NUMBERS)),
]
EVERY_FORMAT = pytest.mark.parametrize(("shape", "values"), FORMATS)


@EVERY_FORMAT
@given(data=st.data())
def test_parts_come_back(
    shape: KeyFormat, values: st.SearchStrategy[tuple[str | int, ...]], data: st.DataObject
) -> None:
    parts = data.draw(values)
    assert shape.unpack(shape.pack(*parts)) == parts


@EVERY_FORMAT
@given(data=st.data())
def test_bytes_sort_as_parts_do(
    shape: KeyFormat, values: st.SearchStrategy[tuple[str | int, ...]], data: st.DataObject
) -> None:
    one, other = data.draw(values), data.draw(values)
    assert (shape.pack(*one) < shape.pack(*other)) == (one < other)


@given(key=st.tuples(TEXTS, NUMBERS, TEXTS), leading=st.tuples(TEXTS, NUMBERS), count=st.integers(0, 2))
def test_a_span_holds_what_begins_with_its_parts(
    key: tuple[str, int, str], leading: tuple[str, int], count: int
) -> None:
    shape = KeyFormat(b"a", (str, int, str))
    start, stop = shape.span(*leading[:count])
    assert (start <= shape.pack(*key) < stop) == (key[:count] == leading[:count])
    assert start <= shape.pack(*leading[:count], *key[count:]) < stop


@given(first=TEXTS, second=TEXTS)
def test_the_fast_packer_packs_alike(first: str, second: str) -> None:
    assert text_pair_packer(b"s")(first, second) == KeyFormat(b"s", (str, str)).pack(first, second)


@given(NUMBERS)
def test_numbers_come_back(number: int) -> None:
    assert unpacked_number(packed_number(number)) == number
    assert unpacked_number(packed_number(number) + b"more") == number


def test_missing_bytes_of_a_number_are_zeros() -> None:
    assert unpacked_number(b"\x80") == 0
    assert unpacked_number(b"") == -(2**63)
