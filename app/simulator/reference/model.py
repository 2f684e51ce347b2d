"""The model: fed the log, it holds every table, every output and every dead letter that one pass over the log gives."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from app.simulator.reference import bookings, payments, windows
from app.simulator.reference.bookings import Booking, Held
from app.simulator.reference.duplicates import Duplicates
from app.simulator.reference.hotels import Night
from app.simulator.reference.murmur2 import partition_of
from app.simulator.reference.payments import Completed, Payment
from app.simulator.reference.poison import Poisoned, read_event
from app.simulator.reference.record import DeadLetter, LogRecord
from app.simulator.reference.shapes import BY_ID, Shape
from app.simulator.reference.stock import Stock
from app.simulator.reference.windows import Windows

PARTITIONS = {"booking-events": 12, "inventory-events": 24, "payment-events": 6}
Coordinates = tuple[str, int, int]  # topic, partition, offset

APPLIED = "applied"
DUPLICATE = "duplicate"
DEAD = "dead"
WAITING = "waiting"


class Reservation(NamedTuple):
    """A change of a hotel's nights in `partition` of the inventory, and the booking record it comes from."""

    partition: int
    source: tuple[int, int, int]  # partition and offset in booking-events, place among the record's own moves
    booking: tuple[int, str]
    move: Held


class Reference:
    """Tables by (partition, key parts...), dead letters, payment-completed records and counts of one pass over the log.

    An unmatched refund waits for its payment to complete, and is a dead letter with three attempts if `finish` finds it
    still waiting, or if it is one of `expired`: those known to have waited in vain. When one that waits is tried again
    no log tells: `alternatives` are rows a payment may have instead. `dead` are records known to be dead letters
    whatever their content, `waiting` refunds known not to have been tried since their payment completed. Rooms that
    bookings take and release are handed to `reserve`; without it the model's own nights change at once."""

    def __init__(
        self,
        schemas: Mapping[int, Shape] = BY_ID,
        *,
        dead: Collection[Coordinates] = (),
        waiting: Collection[Coordinates] = (),
        expired: Collection[Coordinates] = (),
        reserve: Callable[[Reservation], None] | None = None,
    ) -> None:
        self.stock: dict[tuple[int, str, str], Stock] = {}
        self.nights: dict[tuple[int, str, int, str], Night] = {}
        self.bookings: dict[tuple[int, str], Booking] = {}
        self.payments: dict[tuple[int, str], Payment] = {}
        self.alternatives: dict[tuple[int, str], list[Payment]] = {}
        self.completed: list[Completed] = []
        self.dead_letters: list[DeadLetter] = []
        self.applied: Counter[tuple[str, str]] = Counter()  # (topic, status or event type)
        self.ignored: Counter[tuple[str, str]] = Counter()  # (topic, reason)
        self.duplicates: Counter[str] = Counter()  # topic
        self.windows = {kind: Windows() for kind in windows.NAMES}
        self._reserve = reserve or self.take
        self._schemas = schemas
        self._dead = dead
        self._not_tried = waiting
        self._expired = expired
        self._remembered = Duplicates()
        self._waiting: dict[tuple[int, str], list[tuple[LogRecord, dict[str, Any], int]]] = {}

    def feed(self, record: LogRecord) -> str:
        """Take the next record of its partition; "applied", "duplicate", "dead", "waiting" or why it is ignored."""
        at = self._remembered.time(record.topic, record.partition, record.timestamp)
        if record[:3] in self._dead:
            return DEAD
        try:
            event = read_event(record, self._schemas)
        except Poisoned as poison:
            self.dead_letters.append(DeadLetter(record, poison.reason, 1))
            return DEAD
        self._note_alternative(record.partition, event)
        if self._remembered.seen(record.topic, record.partition, event["eventId"], at):
            self.duplicates[record.topic] += 1
            return DUPLICATE
        reason = self._decide(record, event)
        if reason == payments.UNMATCHED:
            return self._unmatched(record, event, at)
        self._settle(record, event, at, reason)
        return reason or APPLIED

    @property
    def is_ambiguous(self) -> bool:
        """Whether some payment may have been refunded by one of several refunds: its windows are then not known."""
        return any(any(row != rows[0] for row in rows) for rows in self.alternatives.values())

    def finish(self) -> None:
        """No more records come: what still waits for its payment is dead."""
        for waiting in self._waiting.values():
            for record, _event, _at in waiting:
                if record[:3] not in self._not_tried:
                    self.dead_letters.append(DeadLetter(record, payments.UNMATCHED, 3))
        self._waiting.clear()

    def _settle(self, record: LogRecord, event: dict[str, Any], at: int, reason: str | None) -> None:
        self._remembered.remember(record.topic, record.partition, event["eventId"], at)
        if reason is None:
            self.applied[record.topic, event.get("eventType") or event["status"]] += 1
        else:
            self.ignored[record.topic, reason] += 1

    def _decide(self, record: LogRecord, event: dict[str, Any]) -> str | None:
        if record.topic == "booking-events":
            return self._book(record, event)
        if record.topic == "payment-events":
            return self._pay(record.partition, event)
        if event["locationType"] == "STORE":
            reason = self._move_stock(record.partition, event)
        else:
            reason = self._change_nights(record.partition, event)
        if reason is None:
            counts = windows.sale(event) if event["locationType"] == "STORE" and event["eventType"] != "COUNT" else {}
            self._count("sales", (record.partition, event["locationId"]), event, counts)
        return reason

    def _count(self, kind: str, of: tuple[int, str], event: dict[str, Any], measures: windows.Measures) -> None:
        partition, key = of
        self.windows[kind].applied(partition, event["occurredAt"])
        if measures:
            self.windows[kind].count(partition, key, at=event["occurredAt"], measures=measures)

    def _move_stock(self, partition: int, event: dict[str, Any]) -> str | None:
        row = self.stock.setdefault((partition, event["locationId"], event["itemId"]), Stock())
        return row.apply(event)

    def _change_nights(self, partition: int, event: dict[str, Any]) -> str | None:
        hotel, room_type = event["locationId"], event["itemId"]
        rows = [self._night(partition, hotel, night, room_type) for night in range(event["stayFrom"], event["stayTo"])]
        changed = [row.apply(event) for row in rows]
        return None if any(changed) else "stale-allotment"

    def _night(self, partition: int, hotel: str, night: int, room_type: str) -> Night:
        key = (partition, hotel, night, room_type)
        if key not in self.nights:
            self.nights[key] = Night()
        return self.nights[key]

    def _book(self, record: LogRecord, event: dict[str, Any]) -> str | None:
        key = (record.partition, event["bookingId"])
        before = self.bookings.get(key)
        after = bookings.decide(before, event)
        if isinstance(after, str):
            return after
        self.bookings[key] = after
        counts = windows.booking(None if before is None else before.status, after)
        self._count("bookings", (record.partition, after.region), event, counts)
        for sequence, move in enumerate(bookings.moves(before, after)):
            partition = partition_of(move.hotel_id.encode(), PARTITIONS["inventory-events"])
            self._reserve(Reservation(partition, (record.partition, record.offset, sequence), key, move))
        return None

    def take(self, reservation: Reservation) -> None:
        """Change the nights as a booking asks for."""
        hotel, room_type, first, end, rooms = reservation.move
        for night in range(first, end):
            self._night(reservation.partition, hotel, night, room_type).sold += rooms

    def _pay(self, partition: int, event: dict[str, Any]) -> str | None:
        key = (partition, event["paymentId"])
        after = payments.decide(self.payments.get(key), event)
        if isinstance(after, str):
            return after
        self.payments[key] = after
        self._count("payments", (partition, after.currency), event, windows.payment(event))
        if after.status == "COMPLETED":
            self.completed.append(payments.completed(event))
            self._try_again(key)
        return None

    def _unmatched(self, record: LogRecord, event: dict[str, Any], at: int) -> str:
        if record[:3] in self._expired:
            self.dead_letters.append(DeadLetter(record, payments.UNMATCHED, 3))
            return DEAD
        self._waiting.setdefault((record.partition, event["paymentId"]), []).append((record, event, at))
        return WAITING

    def _try_again(self, key: tuple[int, str]) -> None:
        """The payment has just completed: the first refund that waits for it is applied, others are ignored."""
        waiting = self._waiting.pop(key, [])
        tried = [each for each in waiting if each[0][:3] not in self._not_tried]
        if len(tried) < len(waiting):
            self._waiting[key] = [each for each in waiting if each not in tried]
        if tried:
            self.alternatives[key] = [payments.row(refund) for _record, refund, _at in tried]
        for record, refund, at in tried:
            self._settle(record, refund, at, self._pay(key[0], refund))

    def _note_alternative(self, partition: int, event: dict[str, Any]) -> None:
        """A refund that may have overtaken one that waited for the same payment to complete."""
        rows = self.alternatives.get((partition, event.get("paymentId", "")))
        if rows is not None and event["status"] == "REFUNDED":
            rows.append(payments.row(event))
