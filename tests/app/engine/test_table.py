from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.application import app
from app.domain.availability import Night
from app.domain.bookings import Booking
from app.domain.payments import Payment
from app.domain.stock import StockRow
from app.engine.group import GROUP_BY_NAME
from app.engine.keys import KeyFormat
from app.engine.partitioner import partition_of
from app.engine.table import Index, RowFormat
from tests.app.engine.opened import TABLES

NUMBERS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(max_size=10)


def rows(kind: Any) -> st.SearchStrategy[Any]:
    """Rows of a NamedTuple whose fields are texts, flags and numbers, absent ones too."""
    by_type = {int: NUMBERS, str: TEXTS, bool: st.booleans(), float: st.floats(allow_nan=False)}
    by_type[int | None] = st.none() | NUMBERS
    return st.builds(kind, **{name: by_type[type_] for name, type_ in kind.__annotations__.items()})


@pytest.mark.parametrize("kind", [StockRow, Night, Booking, Payment])
@given(data=st.data())
def test_rows_come_back_as_they_were(kind: Any, data: st.DataObject) -> None:
    row = data.draw(rows(kind))
    format = RowFormat(kind)
    found = format.decode(format.encode(row))
    assert found == row
    assert type(found) is kind


def test_a_row_of_another_kind_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        RowFormat(Payment).decode(RowFormat(Night).encode(Night()))


def test_an_index_tells_its_keys_apart() -> None:
    index = Index("i", "inventory", KeyFormat(b"\xf3", (int, str)), "")
    key = index.key(-4, "x")
    start, stop = index.prefix(-4)
    assert index.parts(key) == (-4, "x")
    assert start <= key < stop
    assert index.decode(b"") is None


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_tables_share_their_group_s_changelog_and_partitions(table: Any) -> None:
    group = GROUP_BY_NAME[table.group]
    assert app.tables[table.name] is table
    assert table.changelog_topic.get_topic_name() == group.changelog
    assert table.partitions == group.partitions
    assert table.partition("S-17") == partition_of(b"S-17", group.partitions)


def test_tags_of_a_group_are_told_apart() -> None:
    for name in GROUP_BY_NAME:
        tables = [table for table in TABLES if table.group == name]
        formats = [one.format for table in tables for one in (table, *table.indexes)]
        formats += [table.ranking.format for table in tables if table.ranking]
        assert len({one.tag for one in formats}) == len(formats)
        assert all(len(one.tag) == 1 and b"\x02" < one.tag < b"\xff" for one in formats)
