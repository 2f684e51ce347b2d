"""The comparison at the end of a scenario: lost, doubled, reordered and torn records must not pass."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.domain.stock import StockRow
from app.engine.changelog import POSITION_KEY
from app.simulator.reference.model import Reference
from app.simulator.reference.record import LogRecord
from tables.stock import stock
from tests.app.simulator.reference.log import NOW, movement
from tests.chaos.copies import History
from tests.chaos.load import Acknowledged, checksum
from tests.chaos.settling import SourceLog, _rows

PARTITION = movement().partition
LOG = [movement(eventId=f"e{n}", quantity=n + 1, occurredAt=NOW + n)._replace(offset=n) for n in range(6)]


def acknowledged(records: list[LogRecord]) -> list[Acknowledged]:
    """Batches of two."""
    batches = [records[at : at + 2] for at in range(0, len(records), 2)]
    return [
        Acknowledged(
            batch[0].topic, batch[0].partition, batch[0].offset, len(batch), checksum([(r.key, r.value) for r in batch])
        )
        for batch in batches
    ]


def problems(batches: list[Acknowledged], log: list[LogRecord]) -> list[str]:
    found = SourceLog(batches)
    for record in log:
        found.take(record)
    return found.problems()


def renumbered(log: list[LogRecord]) -> list[LogRecord]:
    return [record._replace(offset=offset) for offset, record in enumerate(log)]


def test_acknowledged_records_that_are_there_pass_and_so_do_others_between() -> None:
    assert problems(acknowledged(LOG), LOG) == []
    assert problems(acknowledged(LOG[2:4]), LOG) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda log: log[:-1],
        lambda log: log[1:],
        lambda log: renumbered([*log[:2], *log[3:]]),
        lambda log: renumbered([log[0], log[0], *log[1:]]),
        lambda log: renumbered([log[0], log[2], log[1], *log[3:]]),
        lambda log: [log[0]._replace(value=log[1].value), *log[1:]],
        lambda log: [log[0]._replace(value=None), *log[1:]],
    ],
    ids=["last-lost", "first-lost", "lost", "doubled", "reordered", "torn", "emptied"],
)
def test_acknowledged_records_that_are_not_there_are_found(
    damage: Callable[[list[LogRecord]], list[LogRecord]],
) -> None:
    assert problems(acknowledged(LOG), damage(LOG))


def fold(log: list[LogRecord]) -> Reference:
    model = Reference()
    for record in log:
        model.feed(record)
    return model


def changelog(model: Reference) -> dict[tuple[str, int], History]:
    history = History("changelog", ())
    for (_partition, *parts), row in model.stock.items():
        history.rows[stock.key(*parts)] = stock.encode(StockRow(**vars_of(row)))
    history.rows[POSITION_KEY] = b"{}"
    return {("inventory", PARTITION): history}


def vars_of(row: object) -> dict[str, object]:
    return {name: getattr(row, name) for name in StockRow._fields}


def test_rows_that_are_the_model_s_pass() -> None:
    model = fold(LOG)
    assert _rows(model, changelog(model)) == (1, [])


def renamed(record: LogRecord) -> LogRecord:
    assert record.value is not None
    return record._replace(value=record.value.replace(b"e3", b"x3"))


@pytest.mark.parametrize(
    "log", [LOG[:-1], LOG[1:], [*LOG, renamed(LOG[3])], []], ids=["last", "first", "doubled", "all"]
)
def test_rows_of_another_history_are_found(log: list[LogRecord]) -> None:
    assert _rows(fold(LOG), changelog(fold(log)))[1]


def test_a_row_that_is_torn_or_stands_elsewhere_is_found() -> None:
    model, made = fold(LOG), changelog(fold(LOG))
    (key,) = (key for key in made["inventory", PARTITION].rows if key != POSITION_KEY)
    (row,) = model.stock.values()
    for name in ("on_hand", "sold", "last_event_at"):
        torn = replace(row, **{name: 77})
        made["inventory", PARTITION].rows[key] = stock.encode(StockRow(**vars_of(torn)))
        assert _rows(model, made)[1], name
    elsewhere = {("inventory", (PARTITION + 1) % 24): changelog(model)["inventory", PARTITION]}
    assert len(_rows(model, elsewhere)[1]) == 2
