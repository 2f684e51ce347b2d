"""Verifications of histories written by hand: source records, dead letters, and changelogs made of the model's rows."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict
from typing import Any

import pytest

from app.commands.console import say
from app.delivery.dead_letters import letter
from app.delivery.retries import Origin, retry_topics
from app.delivery.retries import headers as retry_headers
from app.domain.availability import Night
from app.domain.bookings import Booking
from app.domain.payments import Payment
from app.domain.stock import StockRow
from app.domain.windows import EventTime
from app.engine.changelog import POSITION_KEY, Position, SourcePosition
from app.engine.connection import client_options
from app.engine.idempotent import IdempotentProducer
from app.engine.topic_admin import topics_ready
from app.engine.topic_specs import SPECS
from app.settings import Settings
from app.simulator.reference.model import PARTITIONS, Coordinates, Reference
from app.simulator.reference.murmur2 import partition_of
from app.simulator.reference.record import LogRecord
from app.simulator.reference.registered import shape_of
from app.simulator.reference.shapes import BY_ID, Shape
from app.simulator.verification.audit import Audit, Tables
from app.simulator.verification.reading import Reader
from app.simulator.verification.report import Report
from app.simulator.verification.writer_schemas import WriterSchemas
from schemas.bundled import BUNDLED
from tables.availability import availability
from tables.bookings import bookings
from tables.payments import payments
from tables.stock import stock
from tables.windows import ALL, payment_windows
from tests.app.engine.registry.stand_in import StandIn
from tests.app.simulator.reference.log import MOVEMENT, NOW, PAYMENT, allotment, avro, booking, movement, payment
from tests.app.simulator.verification.pane_rows import pane_rows

CHANGELOGS = {
    "inventory-events": "stayshelf-inventory-changelog",
    "booking-events": "stayshelf-bookings-changelog",
    "payment-events": "stayshelf-payments-changelog",
}
TABLES = Tables(stock, availability, bookings, payments, ALL)
Rows = dict[tuple[str, int], dict[bytes, bytes]]


def placed(*records: LogRecord) -> list[LogRecord]:
    """The records where a producer puts them, with their offsets."""
    ends: dict[tuple[str, int], int] = {}
    found = []
    for record in records:
        place = (record.topic, partition_of(record.key or b"", PARTITIONS[record.topic]))
        found.append(record._replace(partition=place[1], offset=ends.get(place, 0)))
        ends[place] = ends.get(place, 0) + 1
    return found


def rows_of(model: Reference) -> Rows:
    rows: Rows = {}

    def put(topic: str, partition: int, key: bytes, value: bytes) -> None:
        rows.setdefault((topic, partition), {})[key] = value

    for (at, store, item), each in model.stock.items():
        put("stayshelf-inventory-changelog", at, stock.key(store, item), stock.encode(StockRow(**asdict(each))))
    for (at, *night), each in model.nights.items():
        put("stayshelf-inventory-changelog", at, availability.key(*night), availability.encode(Night(**asdict(each))))
    for (at, id_), each in model.bookings.items():
        put("stayshelf-bookings-changelog", at, bookings.key(id_), bookings.encode(Booking(**asdict(each))))
    for (at, id_), each in model.payments.items():
        put("stayshelf-payments-changelog", at, payments.key(id_), payments.encode(Payment(**asdict(each))))
    for windows in ALL:
        for (at, key), value in pane_rows(windows, model.windows[windows.name]).items():
            put(f"stayshelf-{windows.table.group}-changelog", at, key, value)
    return rows


def positions(log: Iterable[LogRecord], upstream: dict[int, tuple[int, int]]) -> dict[tuple[str, int], bytes]:
    ends: dict[tuple[str, int], dict[str, SourcePosition]] = {}
    for record in log:
        sources = ends.setdefault((CHANGELOGS[record.topic], record.partition), {})
        sources[record.topic] = SourcePosition(record.offset + 1, record.timestamp)
    for partition in range(24):
        ends.setdefault(("stayshelf-inventory-changelog", partition), {})
    return {place: Position(sources, upstream, 1).encode() for place, sources in ends.items()}


async def verified(
    settings: Settings,
    log: list[LogRecord],
    change: Callable[[Rows], None] = lambda _rows: None,
    *,
    letters: int = 1,
    waiting: Collection[Coordinates] = (),
    upstream: tuple[int, int] = (99, 0),
    schemas: Mapping[int, Shape] = BY_ID,
) -> Report:
    """The report on these sources and on changelogs that hold what the model says, changed by `change`."""
    model = Reference(schemas, waiting=waiting)
    for record in log:
        model.feed(record)
    model.finish()
    rows = rows_of(model)
    change(rows)
    options = client_options(settings)
    async with topics_ready(settings, SPECS, options=options, say=say) as admin:
        async with IdempotentProducer(**options) as producer:
            for record in log:
                await producer.send(record.topic, record.value, record.key, record.partition, record.timestamp)
            for dead in model.dead_letters * letters:
                told = {"reason": dead.reason, "error": "e", "attempts": dead.attempts}
                key, value, headers = letter(dead.record, dead.record.topic, **told)
                await producer.send(
                    f"{dead.record.topic}-dlt", value, key, dead.record.partition, headers=list(headers)
                )
            for topic, partition, offset in waiting:
                origin = Origin(topic, partition, offset, NOW, NOW, 1)
                into = retry_topics(topic)[offset % 2]
                await producer.send(into, b"v", b"k", partition, headers=list(retry_headers(origin)))
            for (topic, partition), found in rows.items():
                for key, value in found.items():
                    await producer.send(topic, value, key, partition)
            for (topic, partition), value in positions(log, dict.fromkeys(range(12), upstream)).items():
                await producer.send(topic, value, POSITION_KEY, partition)
        async with (
            Reader(options, admin, advance=lambda _count: None) as reader,
            WriterSchemas(settings.schema_registry) as writers,
        ):
            audit = Audit(reader, TABLES, writers)
            assert await audit.prepare() >= len(log)
            await audit.run()
            return audit.report


LOG = placed(
    movement(),
    movement(eventId="e2", quantity=5, eventType="RECEIPT"),
    movement(eventId="e3", quantity=-1),
    allotment(eventId="e4", quantity=1),
    booking(),
    payment(),
    payment(eventId="e2", status="COMPLETED"),
    payment(eventId="e3", paymentId="P2", status="REFUNDED"),
)


async def test_what_is_right_has_no_differences(embedded: Settings) -> None:
    report = await verified(embedded, LOG)
    assert report.differences == []
    # A store's events in two sizes, by key and in total; the hotel's count for event time only.
    assert report.compared == {
        "stock": 1, "availability": 4, "bookings": 1, "payments": 1, "sales-windows": 4, "bookings-windows": 4,
        "payments-windows": 4, "inventory-event-time": 2, "bookings-event-time": 1, "payments-event-time": 1,
    }  # fmt: skip
    assert not report.left_out
    assert not report.strays
    assert not report.late_starts


def lose(table: Any) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        for (changelog, _partition), found in rows.items():
            if changelog == f"stayshelf-{table.group}-changelog":
                for key in [key for key in found if key[:1] == table.format.tag]:
                    del found[key]

    return change


COUNTED = [table for each in ALL for table in (each.table, each.clock)]


@pytest.mark.parametrize("table", [*TABLES[:4], *COUNTED], ids=lambda table: table.name)
async def test_a_lost_row_is_found(embedded: Settings, table: Any) -> None:
    report = await verified(embedded, LOG, lose(table))
    found = {each.table: each.what for each in report.differences}
    assert found.pop(table.name) == "no row found"
    # Without event time nobody knows which minute its hour does without.
    assert not found or (table in [each.clock for each in ALL] and all(name.endswith("-windows") for name in found))


async def test_a_changed_row_and_one_too_many_are_found(embedded: Settings) -> None:
    def change(rows: Rows) -> None:
        (place,) = [place for place, found in rows.items() if stock.key("S1", "I1") in found]
        row = stock.decode(rows[place][stock.key("S1", "I1")])
        rows[place][stock.key("S1", "I1")] = stock.encode(row._replace(on_hand=99))
        rows[place][stock.key("S1", "I2")] = stock.encode(row)

    report = await verified(embedded, LOG, change)
    assert sorted((each.key, each.what) for each in report.differences) == [
        ("S1 / I1", "on_hand: expected 4, found 99"),
        ("S1 / I2", "no row expected"),
    ]


@pytest.mark.parametrize(
    ("letters", "what"), [(0, "invalid-value expected, no letter found"), (2, "1 letter expected, 2 found")]
)
async def test_dead_letters_that_are_missing_or_doubled_are_found(embedded: Settings, letters: int, what: str) -> None:
    report = await verified(embedded, LOG, letters=letters)
    assert (("inventory-events-dlt", what)) in {(each.table, each.what) for each in report.differences}


async def test_writers_are_read_by_the_registry_s_own_numbers(
    embedded: Settings,
) -> None:
    later = {**BUNDLED[3], "fields": [*BUNDLED[3]["fields"], {"name": "note", "type": ["null", "string"]}]}
    known = {300: shape_of(later), 301: shape_of(BUNDLED[4])}
    sale, paid = avro(3, MOVEMENT), avro(4, PAYMENT)
    log = [
        movement()._replace(value=b"\0\0\0\1\x2c" + sale[5:] + b"\2\4hi"),
        payment()._replace(value=b"\0\0\0\1\x2d" + paid[5:]),
        movement(eventId="e2")._replace(value=b"\0\0\0\0\3" + sale[5:]),
    ]
    async with StandIn() as stand_in:
        stand_in.has(300, later)
        stand_in.has(301, BUNDLED[4])
        registered = embedded.model_copy(update={"schema_registry": stand_in.url})
        report = await verified(registered, placed(*log), schemas=known)
    assert report.differences == []
    assert report.compared["stock"] == report.compared["payments"] == 1


REFUNDED_EARLY = placed(
    payment(eventId="e1", status="REFUNDED", amountMinor=1),
    payment(eventId="e2", status="REFUNDED", amountMinor=2),
    payment(eventId="e3", status="COMPLETED", amountMinor=9),
    payment(eventId="e4", status="REFUNDED", amountMinor=3),
)


def shown(amount: int, status: str = "REFUNDED") -> Callable[[Rows], None]:
    """The payment as if another event were its last one."""

    def change(rows: Rows) -> None:
        found = rows["stayshelf-payments-changelog", REFUNDED_EARLY[0].partition]
        changed = payments.decode(found[payments.key("P1")])._replace(amount_minor=amount, status=status)
        found[payments.key("P1")] = payments.encode(changed)

    return change


@pytest.mark.parametrize("amount", [1, 2, 3])
async def test_whichever_refund_came_first_is_right(embedded: Settings, amount: int) -> None:
    assert (await verified(embedded, REFUNDED_EARLY, shown(amount))).differences == []


@pytest.mark.parametrize("refunds", [2, 0])
async def test_which_of_them_was_the_newest_event_matters_no_more(embedded: Settings, refunds: int) -> None:
    def another_time(rows: Rows) -> None:
        found = rows["stayshelf-payments-changelog", REFUNDED_EARLY[0].partition]
        found[payment_windows.clock.key()] = payment_windows.clock.encode(EventTime(NOW - 5))

    report = await verified(embedded, placed(*REFUNDED_EARLY[2 - refunds :]), another_time)
    assert {each.table for each in report.differences} == (set() if refunds else {payment_windows.clock.name})


@pytest.mark.parametrize(("amount", "status"), [(4, "REFUNDED"), (9, "COMPLETED")])
async def test_a_refund_nobody_sent_and_one_not_applied_are_found(embedded: Settings, amount: int, status: str) -> None:
    report = await verified(embedded, REFUNDED_EARLY, shown(amount, status))
    assert [each.table for each in report.differences] == ["payments"]


async def test_refunds_that_still_wait_are_not_expected(embedded: Settings) -> None:
    waiting = [record[:3] for record in REFUNDED_EARLY[:2]]
    report = await verified(embedded, REFUNDED_EARLY[:3], shown(9, "COMPLETED"), waiting=waiting)
    assert report.differences == []


async def test_a_refund_that_vanished_is_found(embedded: Settings) -> None:
    report = await verified(embedded, REFUNDED_EARLY[:1], letters=0)
    assert [each.what for each in report.differences] == ["unmatched-refund expected, no letter found"]


async def test_a_refund_that_waits_for_what_never_came_yet_is_not_missed(embedded: Settings) -> None:
    report = await verified(embedded, REFUNDED_EARLY[:1], waiting=[REFUNDED_EARLY[0][:3]])
    assert report.differences == []


async def test_reservations_not_yet_applied_are_not_expected(embedded: Settings) -> None:
    def before_the_booking(rows: Rows) -> None:
        for found in rows.values():
            for key in [key for key in found if key[:1] == availability.format.tag]:
                night = availability.decode(found[key])
                if night.capacity is None:
                    del found[key]
                else:
                    found[key] = availability.encode(night._replace(sold=0))

    report = await verified(embedded, LOG, before_the_booking, upstream=(-1, 0))
    assert report.differences == []


async def test_keys_in_a_wrong_partition_are_named(embedded: Settings) -> None:
    home = partition_of(b"P1", 6)
    wrong = [payment(eventId="e9")._replace(partition=(home + 1) % 6)]
    report = await verified(embedded, wrong)
    assert report.differences == []
    assert report.strays == {("payment-events", (home + 1) % 6, b"P1"): home}
