import numpy as np
import pytest

from app.domain.poison import END_MS
from app.engine.decode.batch_rules import currency_good, ids_good, key_texts, keyed, made, times_good
from app.engine.decode.columns import BROKEN, Batch, Column, Damaged
from app.engine.decode.cursor import Content
from schemas.inventory import InventoryEvent


def batch(*texts: bytes) -> Batch:
    """One column of text."""
    stops = np.cumsum([len(text) for text in texts], dtype=np.int64)
    starts = stops - np.array([len(text) for text in texts])
    return Batch(Content(list(texts)), (Column(starts, stops),), ())


def test_ids_have_1_to_128_bytes() -> None:
    assert ids_good(batch(b"", b"a", b"a" * 128, b"a" * 129), 0).tolist() == [False, True, True, False]


def test_times() -> None:
    now = 10**6
    times = np.array([-1, 0, now + 600_000, now + 600_001, END_MS - 1, END_MS])
    stamps = np.array([now, now, now, now, END_MS, END_MS])
    assert times_good(times, stamps).tolist() == [False, True, True, False, True, False]


@pytest.mark.parametrize("text", [b"AZM", b"THB", b"ZZZ", b"AAA"])
def test_currencies(text: bytes) -> None:
    assert currency_good(batch(text, b"x"), 0).tolist() == [True, False]


@pytest.mark.parametrize("text", [b"", b"TH", b"THBX", b"thb", b"T1B", b"@AB", b"AB[", b"\xffAB", b"A\x80B", b"TH\0"])
def test_other_currencies(text: bytes) -> None:
    assert currency_good(batch(text, b"THB"), 0).tolist() == [False, True]


def test_keys() -> None:
    assert key_texts([b"a", "ก".encode()]) == ["a", "ก"]
    assert key_texts([b"a", None, b"\xff"]) == ["a", None, None]


def test_ids_that_are_not_the_key_are_broken() -> None:
    assert keyed(["a", "b"], [b"a", b"b"]) == ["a", "b"]
    found = keyed(["a", "b", "c"], [b"a", None, b"x"])
    assert isinstance(found, Damaged)
    assert found == ["a", BROKEN, BROKEN]


def test_events_are_made_of_columns_but_for_broken_ones() -> None:
    columns = [["x", "y", "z"]] * 11
    events = made(InventoryEvent, columns, [Damaged(["", BROKEN, ""])])
    assert events == [InventoryEvent._make("x" * 11), None, InventoryEvent._make("z" * 11)]
    assert {type(event) for event in events} == {InventoryEvent, type(None)}
