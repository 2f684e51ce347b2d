"""What must hold in a run: at every write to a disk, and at the end, when all is healed and read."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import asdict
from typing import Any

from aiokafka import TopicPartition

from app.delivery.dead_letters import SUFFIX
from app.engine.changelog import POSITION_KEY, Position
from app.engine.group import GROUP_BY_NAME, GROUP_OF_SOURCE
from app.engine.storage import META
from app.engine.task import Task
from app.simulator.reference.avro import decode_record
from app.simulator.reference.model import Reference, Reservation
from app.simulator.reference.payments import UNMATCHED, Completed
from app.simulator.reference.record import LogRecord
from app.simulator.reference.shapes import BY_ID
from app.simulator.verification.windows import held, modelled, newest
from schemas import reservations
from tables import windows
from tables.availability import availability
from tables.bookings import bookings
from tables.payments import payments
from tables.stock import stock
from tests.broker.checker import expected_completed, expected_letter, without_error
from tests.broker.kafka_log import COMPLETED_TOPIC, Letter, Sent
from tests.simulation.broker import Broker
from tests.simulation.disk import Change
from tests.simulation.traffic import TASKS

TABLE_OF = {table.format.tag: table for table in (stock, availability, bookings, payments)}
CHANGELOG_OFFSET = META + b"changelog-offset"
PAYMENT = payments.format.tag
INDEX_TAG_MIN = 0xF0
SHOWN = 4

State = dict[bytes, bytes]


def folded(broker: Broker, group: str, partition: int, before: int = 1 << 60) -> State:
    """A changelog's rows, ids and position as committed, from the offsets before one."""
    state: State = {}
    for record in broker.partitions[TopicPartition(GROUP_BY_NAME[group].changelog, partition)].decided():
        if record.offset >= before:
            break
        if record.value is None:
            state.pop(record.key or b"", None)
        else:
            state[record.key or b""] = record.value
    return state


def uncommitted(broker: Broker, directory: str, changes: list[Change]) -> str:
    """What a disk is about to hold that Kafka has not committed; empty where all is well."""
    last = dict(changes)
    rows = {key: value for key, value in last.items() if key[0] < INDEX_TAG_MIN and not key.startswith(META)}
    if not rows or CHANGELOG_OFFSET not in last:
        return ""
    group, partition = directory.rsplit("/", 1)[1].rsplit("-", 1)
    offset = int.from_bytes(last[CHANGELOG_OFFSET] or b"", "big")
    state = folded(broker, group, int(partition), offset)
    wrong = sorted(key for key, value in rows.items() if state.get(key) != value)
    return f"{group}-{partition} writes {len(wrong)} rows that are not committed before {offset}" if wrong else ""


def differences(broker: Broker, sources: list[LogRecord], actives: Iterable[Task] = ()) -> list[str]:
    """Tables, outputs, dead letters, reservations and the panes of active tasks against one pass over the sources."""
    taken: list[Reservation] = []
    letters = [without_error(letter) for letter in _letters(broker)]
    model = Reference(reserve=taken.append, expired=_expired(letters))
    for record in sources:
        model.feed(record)
    model.finish()
    for reservation in taken:
        model.take(reservation)
    return [
        *_rows(broker, model),
        *_times("dead letter", Counter(map(expected_letter, model.dead_letters)), Counter(letters)),
        *_times("payment-completed", Counter(expected_completed(model)), Counter(_completed(broker))),
        *_order(broker, model),
        *_reservations(broker, taken),
        *[difference for task in actives for difference in _panes(task, model)],
    ]


def _rows(broker: Broker, model: Reference) -> Iterator[str]:
    expected: dict[tuple[str, int], dict[bytes, Any]] = defaultdict(dict)
    found: dict[tuple[str, int], dict[bytes, Any]] = defaultdict(dict)
    for table, rows in (
        (stock, model.stock), (availability, model.nights), (bookings, model.bookings), (payments, model.payments),
    ):  # fmt: skip
        for (partition, *parts), row in rows.items():
            expected[table.group, partition][table.key(*parts)] = asdict(row)
    for group, partition in TASKS:
        for key, value in folded(broker, group, partition).items():
            table = TABLE_OF.get(key[:1])
            if table is not None:
                found[group, partition][key] = table.decode(value)._asdict()
    for task in sorted(expected.keys() | found.keys()):
        wanted, got = expected[task], found[task]
        for key in sorted(wanted.keys() | got.keys()):
            others = model.alternatives.get((task[1], str(payments.parts(key)[0])), ()) if key[:1] == PAYMENT else ()
            if wanted.get(key) != got.get(key) and got.get(key) not in map(asdict, others):
                yield f"row {key!r} of {task[0]}-{task[1]}: expected {wanted.get(key)}, found {got.get(key)}"


def _panes(task: Task, model: Reference) -> Iterator[str]:
    for each in windows.ALL:
        # Which of two refunds counts, and so in which pane, is written nowhere.
        if each.table.group != task.group or (each.name == "payments" and model.alternatives):
            continue
        reference, rows = copy(model.windows[each.name]), dict(task.store.scan(b"a", b"z"))
        reference.panes = {place: keys for place, keys in reference.panes.items() if place.partition == task.partition}
        expected, found = modelled(reference, newest(each, rows)), held(each, rows)
        if found != expected:
            yield f"{each.name} windows of {task.group}-{task.partition}: expected {expected}, found {found}"


def _letters(broker: Broker) -> Iterator[Letter]:
    for tp, log in broker.partitions.items():
        if tp.topic.endswith(SUFFIX):
            for r in log.decided():
                headers = tuple((name, value.decode()) for name, value in r.headers)
                yield Letter(tp.topic, tp.partition, r.key, r.value, headers)


def _expired(letters: list[Letter]) -> set[tuple[str, int, int]]:
    """Refunds that waited in vain, which no log foretells."""
    said = [dict(letter.headers) for letter in letters]
    return {
        (each["dlt-topic"], int(each["dlt-partition"]), int(each["dlt-offset"]))
        for each in said
        if each["dlt-reason"] == UNMATCHED
    }


def _completed(broker: Broker) -> Iterator[Sent]:
    for tp, log in broker.partitions.items():
        if tp.topic == COMPLETED_TOPIC:
            for r in log.decided():
                fields = decode_record((r.value or b"")[5:], BY_ID[5]).values()
                yield Sent(tp.partition, r.key, Completed(*(value for _type, value in fields)))


def _times(what: str, expected: Counter[Any], found: Counter[Any]) -> Iterator[str]:
    for each in sorted(expected.keys() | found.keys(), key=repr):
        if expected[each] != found[each]:
            yield f"{what} {str(each)[:200]}: expected {expected[each]} times, found {found[each]} times"


def _order(broker: Broker, model: Reference) -> Iterator[str]:
    """Outputs of one source partition keep its order in each partition they go to."""
    wanted, got = defaultdict(list), defaultdict(list)
    for sent in expected_completed(model):
        wanted[sent.partition].append(sent)
    for sent in _completed(broker):
        got[sent.partition].append(sent)
    if Counter(expected_completed(model)) == Counter(_completed(broker)) and wanted != got:
        yield "payment-completed: another order"


def _reservations(broker: Broker, taken: list[Reservation]) -> Iterator[str]:
    """Each change of a hotel's nights stands in its topic once, in its booking's order."""
    wanted: dict[tuple[int, int], list[tuple[Any, ...]]] = defaultdict(list)
    got: dict[tuple[int, int], list[tuple[Any, ...]]] = defaultdict(list)
    for each in taken:
        wanted[each.partition, each.source[0]].append((*each.source[1:], *each.move))
    for tp, log in broker.partitions.items():
        if tp.topic == "stayshelf-reservations":
            for record in log.decided():
                event = reservations.decode(record.value or b"")
                move = (event.hotel_id, event.room_type, event.first_night, event.last_night, event.rooms)
                at = (event.booking_offset, event.sequence)
                got[tp.partition, event.booking_partition].append((*at, *move))
    for at in sorted(wanted.keys() | got.keys()):
        if wanted[at] != got[at]:
            yield f"reservations {at}: expected {wanted[at][-SHOWN:]}, found {got[at][-SHOWN:]}"


def unlike_changelog(broker: Broker, group: str, partition: int, disk: dict[bytes, bytes]) -> Iterator[str]:
    """What differs between a copy on disk and its changelog."""
    state = folded(broker, group, partition)
    rows = {k: v for k, v in disk.items() if k[0] < INDEX_TAG_MIN and not k.startswith(META)}
    wrong = sorted(key for key in state.keys() | rows.keys() if state.get(key) != rows.get(key))
    if wrong:
        yield f"{group}-{partition} on disk differs from its changelog in {len(wrong)} rows, first {wrong[0]!r}"


def unread(broker: Broker) -> list[str]:
    """Source partitions whose last record is not yet committed by the group, or not in its task's position."""
    found = []
    for tp, log in broker.partitions.items():
        if tp.topic not in GROUP_OF_SOURCE:
            continue
        records = log.decided()
        due = records[-1].offset + 1 if records else 0
        group = GROUP_OF_SOURCE[tp.topic]
        if due and broker.offsets.get(tp, 0) < due:
            found.append(f"{tp.topic}-{tp.partition}: {broker.offsets.get(tp, 0)} of {due} committed")
        elif due:
            position = Position.decode(folded(broker, group.name, tp.partition).get(POSITION_KEY))
            at = position.sources.get(tp.topic)
            if at is None or at.next_offset < due:
                found.append(f"{tp.topic}-{tp.partition}: position {at} before {due}")
    return found


def is_behind(broker: Broker, task: Any) -> bool:
    """Whether a copy lacks something that its changelog holds."""
    records = broker.partitions[TopicPartition(task.changelog, task.partition)].decided()
    return bool(records) and bool(task.store.changelog_offset <= records[-1].offset)
