"""The end of every scenario: all faults are over, everything is applied; then whatever can be looked at must be what
one pass over the log gives."""

import asyncio
import re
import time
from collections import defaultdict, deque
from collections.abc import Collection
from dataclasses import asdict
from typing import NamedTuple

import aiohttp
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from app.engine.group import GROUPS
from app.engine.offsets import committed_offsets
from app.simulator.reference.answers import Answers
from app.simulator.reference.model import Coordinates, Reference
from app.simulator.reference.record import LogRecord
from app.simulator.verification.comparing import compare
from tables.availability import availability
from tables.bookings import bookings
from tables.payments import payments
from tables.stock import stock
from tables.windows import ALL as WINDOWS
from tests.broker.answers_over_http import Fleet, observe
from tests.broker.checker import Observed, differences, without_error
from tests.broker.kafka_log import GROUP, SOURCES, Progress, completed_records, dead_letters, expired_refunds
from tests.chaos.committed import records
from tests.chaos.copies import Copy, History, copies, histories
from tests.chaos.fleet import topology
from tests.chaos.load import Acknowledged, Sent, checksum
from tests.chaos.shown import Shown
from tests.chaos.stage import OUTPUTS, Stage

APPLIED_SECONDS = 180.0
SETTLED_SECONDS = 90.0
ASKED = 400  # bookings, and payments, that are asked for over HTTP: all others are compared in the changelogs
TABLES = (stock, availability, bookings, payments)
#: What a worker may say of a broker, of its place in the group or of a directory while that is taken away from it.
ALLOWED = re.compile(
    r"Unable connect|update metadata|Failed fetch messages|NodeNotReady|KafkaConnectionError|Coordinator|Heartbeat"
    r"|Could not commit offset|Thread keepalive is not responding|can't be trusted|its store failed|StoreDamaged"
)


class Settled(NamedTuple):
    """What was compared, and what differs."""

    sent: Sent
    records: int
    rows: int
    copies: int
    watched: int
    differences: list[str]


class Asked(Answers):
    """Answers that know only of some bookings and payments to ask for."""

    def booking_ids(self) -> list[str]:
        """Some of them, spread over all."""
        return _some(super().booking_ids())

    def payment_ids(self) -> list[str]:
        """Some of them, spread over all."""
        return _some(super().payment_ids())


def _some(ids: list[str]) -> list[str]:
    return ids[:: max(len(ids) // ASKED, 1)]


async def settle(stage: Stage) -> Settled:
    """Stop the load, wait until all is applied, compare everything; the workers have ended when this returns."""
    batches, sent = await stage.stop_sending()
    await stage.ready()
    async with Progress(stage.cluster.bootstrap) as progress:
        await progress.until_applied(APPLIED_SECONDS)
    log = SourceLog(batches, await expired_refunds(stage.cluster.bootstrap))
    await log.read(stage.cluster.bootstrap)
    problems = log.problems()
    problems += await _over_http(stage, log.model)
    held = await _caught_up(stage)
    problems += await _ended(stage)
    found, refused = _copies(stage)
    problems += [f"{name} is damaged, and nobody damaged it" for name in refused if name not in stage.damaged]
    held = {name: {at for at in held[name] if f"{name}/{at[0]}-{at[1]}" not in refused} for name in held}
    final = Shown()
    made = await histories(stage.cluster.bootstrap, found, final)
    problems += [problem for history in made.values() for problem in history.problems]
    problems += _behind(held, found, made)
    problems += await _offsets(stage, made)
    rows, wrong = _rows(log.model, made)
    problems += wrong
    async for tp, record in records(stage.cluster.bootstrap, OUTPUTS):
        final.add(tp, record)
    problems += stage.watch.shown.differences(final)
    problems += stage.trouble(ALLOWED)
    watched = sum(map(len, stage.watch.shown.offsets.values()))
    return Settled(sent, log.count, rows, len(found), watched, problems)


class SourceLog:
    """One pass over the source topics: the model is fed, and every acknowledged batch must stand where it was put."""

    def __init__(self, batches: list[Acknowledged], expired: Collection[Coordinates] = ()) -> None:
        self.model = Reference(expired=expired)
        self.count = 0
        self._acknowledged = len(batches)
        self._due: dict[tuple[str, int], deque[Acknowledged]] = defaultdict(deque)
        self._part: dict[tuple[str, int], list[tuple[bytes | None, bytes | None]]] = defaultdict(list)
        self._wrong: list[str] = []
        for batch in sorted(batches):
            self._due[batch.topic, batch.partition].append(batch)

    async def read(self, bootstrap: str) -> None:
        """Feed everything there is."""
        async for tp, record in records(bootstrap, SOURCES):
            self.take(LogRecord(tp.topic, tp.partition, record.offset, record.timestamp, record.key, record.value))
        self.model.finish()

    def take(self, record: LogRecord) -> None:
        """The next record of its partition."""
        self.count += 1
        self.model.feed(record)
        place = record.topic, record.partition
        due, part = self._due[place], self._part[place]
        if not due or record.offset < due[0].offset:
            return
        part.append((record.key, record.value))
        if record.offset == due[0].offset + due[0].count - 1:
            batch = due.popleft()
            if checksum(part) != batch.checksum:
                self._wrong.append(f"{batch} stands there otherwise")
            part.clear()

    def problems(self) -> list[str]:
        """Acknowledged batches that are not there."""
        lost = sum(map(len, self._due.values()))
        return [*self._wrong, *([f"{lost} of {self._acknowledged} acknowledged batches are lost"] if lost else [])]


async def _over_http(stage: Stage, model: Reference) -> list[str]:
    urls = [member.worker.url for member in stage.members if member.worker.running]
    answers = await asyncio.to_thread(Asked, model)
    letters = [without_error(letter) for letter in await dead_letters(stage.cluster.bootstrap)]
    completed = await completed_records(stage.cluster.bootstrap)
    deadline = time.monotonic() + SETTLED_SECONDS
    while True:
        async with aiohttp.ClientSession() as session:
            seen = await observe(Fleet(urls, session), answers)
        observed = Observed(**seen, letters=letters, completed=completed)
        # In a thread, for proxies in this loop have workers waiting for them.
        found = await asyncio.to_thread(differences, model, observed, answers=answers)
        if not found or time.monotonic() > deadline:
            return found
        await asyncio.sleep(0.5)


async def _caught_up(stage: Stage) -> dict[str, set[tuple[str, int]]]:
    """Wait until all standbys are where their actives are; the copies of each worker by its name."""
    deadline = time.monotonic() + SETTLED_SECONDS
    while True:
        held, behind = {}, []
        for member in (each for each in stage.members if each.worker.running):
            found = (await topology(member.worker)).copies
            held[member.name] = {(copy["group"], copy["partition"]) for copy in found}
            behind += [copy for copy in found if not copy["ready"] or any(copy["lag"].values())]
        if not behind:
            return held
        assert time.monotonic() < deadline, f"copies that never caught up: {behind[:3]}"
        await asyncio.sleep(0.5)


async def _ended(stage: Stage) -> list[str]:
    stage.check_members()
    problems = []
    for member in stage.members:
        if member.worker.running:
            try:
                await member.terminate()
            except (AssertionError, TimeoutError) as error:
                problems.append(str(error))
    return problems


def _copies(stage: Stage) -> tuple[list[Copy], list[str]]:
    tags: dict[str, set[bytes]] = defaultdict(set)
    for table in TABLES:
        tags[table.group].add(table.format.tag)
    for windows in WINDOWS:
        tags[windows.table.group] |= {windows.table.format.tag, windows.clock.format.tag}
    found: list[Copy] = []
    refused: list[str] = []
    for member in (each for each in stage.members if each.lives):
        read, damaged = copies(member.name, member.worker.data_dir / "state", tags)
        found += read
        refused += damaged
    return found, refused


def _behind(
    held: dict[str, set[tuple[str, int]]], found: list[Copy], made: dict[tuple[str, int], History]
) -> list[str]:
    reached = {copy.name: copy.offset for copy in found}
    return [
        f"{name}/{group}-{partition} ends at {offset}, its changelog at {made[group, partition].end}"
        for name, places in held.items()
        for group, partition in sorted(places)
        if (offset := reached.get(f"{name}/{group}-{partition}", -1)) < made[group, partition].end
    ]


async def _offsets(stage: Stage, made: dict[tuple[str, int], History]) -> list[str]:
    """The group's offsets are those of the positions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stage.cluster.bootstrap)
    await admin.start()
    try:
        said = {
            (group.name, topic, n): history.position.sources[topic].next_offset
            for group in GROUPS
            for n in range(group.partitions)
            for topic in group.sources
            if topic in (history := made[group.name, n]).position.sources
        }
        partitions = {TopicPartition(topic, n): offset for (_group, topic, n), offset in said.items()}
        committed = await committed_offsets(admin, GROUP, list(partitions))
        return [
            f"{tp.topic}-{tp.partition}: the group is at {committed.get(tp)}, the position at {offset}"
            for tp, offset in partitions.items()
            if committed.get(tp) != offset
        ]
    finally:
        await admin.close()


def _rows(model: Reference, made: dict[tuple[str, int], History]) -> tuple[int, list[str]]:
    """Every row of every table in the changelogs, against the model's."""
    expected = {
        "stock": {(p, stock.key(*parts)): row for (p, *parts), row in model.stock.items()},
        "availability": {(p, availability.key(*parts)): row for (p, *parts), row in model.nights.items()},
        "bookings": {(p, bookings.key(id_)): row for (p, id_), row in model.bookings.items()},
        "payments": {(p, payments.key(id_)): row for (p, id_), row in model.payments.items()},
    }
    others = {(p, payments.key(id_)): rows for (p, id_), rows in model.alternatives.items()}
    count, wrong = 0, []
    for table in TABLES:
        wanted = expected[table.name]
        found = {
            (n, key): value
            for (group, n), history in made.items()
            for key, value in history.rows.items()
            if group == table.group and key[:1] == table.format.tag
        }
        count += len(found)
        for at in wanted.keys() | found.keys():
            row = table.decode(found[at])._asdict() if at in found else None
            must = asdict(wanted[at]) if at in wanted else None
            if row in [asdict(other) for other in others.get(at, ())]:
                continue  # which of two refunds came first when their payment completed, no log tells
            if what := compare(must, row):
                wrong.append(f"{table.name}, partition {at[0]}, {table.parts(at[1])}: {what}")
    return count, wrong
