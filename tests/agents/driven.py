"""Agents driven without a broker: logs decoded and cut as the worker does it, real tasks, and the reference beside."""

import dataclasses
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from app.delivery.dead_letters import read_headers
from app.engine.decode.registry import BundledRegistry
from app.engine.intake import decoders
from app.engine.task import Task
from app.engine.unit import Read, Unit
from app.simulator.reference.model import PARTITIONS, Reference
from app.simulator.reference.record import LogRecord
from app.simulator.scenario import Scenario, Shares
from tests.app.engine.opened import NOW

DECODERS = decoders(BundledRegistry())


def traffic(count: int, *, seed: int = 1) -> list[LogRecord]:
    """Seeded records of all topics, doubled, late and spoiled ones among them, as if each topic had one partition."""
    scenario = Scenario(seed, start=NOW, rate=500, shares=Shares(duplicates=0.08, late=0.1, poison=0.05))
    offsets = dict.fromkeys(PARTITIONS, 0)
    log = []
    for record in scenario.records(count):
        at = NOW + int((record.due or 0) * 1_000)
        log.append(LogRecord(record.topic, 0, offsets[record.topic], at, record.key, record.value))
        offsets[record.topic] += 1
    return log


def of(log: Iterable[LogRecord], topic: str) -> list[LogRecord]:
    """The records of one topic."""
    return [record for record in log if record.topic == topic]


async def drive(agent: Any, units: Iterable[Unit]) -> None:
    """Run an agent over units, to their end."""

    async def stream() -> AsyncIterator[Unit]:
        for unit in units:
            yield unit

    await agent.fun(stream())


def cut(task: Task, records: Sequence[Any], seed: int = 0, *, most: int = 40) -> Iterable[Unit]:
    """Units of uneven sizes, of so many records at most, over the records of one topic."""
    rng, at = random.Random(seed), 0
    while at < len(records):
        part = records[at : at + rng.randint(1, most)]
        topic = part[0].topic
        decoded = DECODERS[topic].decode(part)
        yield Unit(task, Read(topic, part[0].offset, part[-1].offset + 1, part, decoded), lambda: None)
        at += len(part)


def modelled(records: Iterable[LogRecord], **known: Any) -> Reference:
    """The reference after the log; everything in it is in partition 0. What is known is said in Reference's words."""
    model = Reference(reserve=lambda asked: model.take(asked._replace(partition=0)), **known)
    for record in records:
        model.feed(record)
    model.finish()
    return model


def letters(task: Task) -> list[tuple[int, str, int]]:
    """Offset, reason and attempts of each dead letter that is to be sent."""
    found = [read_headers(send.headers) for send in task.pending.sends if send.topic.endswith("-dlt")]
    return [(letter.offset, letter.reason, letter.attempts) for letter in found if letter is not None]


def dead(model: Reference) -> list[tuple[int, str, int]]:
    """The same of the reference."""
    return [(letter.record.offset, letter.reason, letter.attempts) for letter in model.dead_letters]


def assert_counted(task: Task, model: Reference, topic: str) -> None:
    """What the metrics will say must be what the reference counts."""
    counts = task.pending.counts
    assert +counts.applied == model.applied
    assert {key: n for key, n in counts.ignored.items() if n} == dict(model.ignored)
    assert counts.duplicates[topic] == model.duplicates[topic]
    assert +counts.late_dropped == +Counter({kind: windows.late for kind, windows in model.windows.items()})


def rows_of(task: Task, table: Any) -> dict[tuple[Any, ...], Any]:
    """Committed rows by the parts of their keys."""
    tag = table.format.tag
    found = task.scan(table, tag, bytes([tag[0] + 1]), 1_000_000)
    return {table.parts(key): row for key, row in found}


def fields(row: Any) -> tuple[Any, ...]:
    """A row of the reference as a plain tuple, to be compared with ours."""
    return dataclasses.astuple(row)
