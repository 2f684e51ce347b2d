"""The corpus through a real worker on a real Kafka, in one go, each record between good neighbours."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.simulator.outgoing import Outgoing
from tests.broker.harness import Harness
from tests.broker.kafka_log import dead_letters
from tests.hostile.corpus import TOPICS, Case, avro, corpus, document, good

pytestmark = pytest.mark.broker

#: What a worker may ever have taken; it takes some 250 MB for good records alone.
MEMORY_MIB_MAX = 600


def peak_mib(pid: int) -> int:
    """The most memory a process ever held."""
    said = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert said is not None
    return int(said[1]) >> 10


def among_neighbours(cases: list[Case], now: int) -> Iterator[Outgoing]:
    """Before each case a good record of every topic, in Avro or JSON by turns."""
    for number, case in enumerate(cases):
        for topic in TOPICS:
            key, fields, parts = good(topic, now, number)
            yield Outgoing(topic, key, document(fields) if number % 2 else avro(topic, parts))
        yield Outgoing(case.topic, case.key, case.value)


async def test_no_worker_dies_and_each_record_is_one_dead_letter(harness: Harness) -> None:
    now = int(time.time() * 1000)
    cases = corpus(now)
    (worker,) = await harness.start(1)
    pid = worker.pid
    await harness.send(among_neighbours(cases, now))
    model = await harness.check()
    assert sum(model.applied.values()) == len(TOPICS) * len(cases)
    found = Counter(
        (letter.topic.removesuffix("-dlt"), letter.key, letter.value, dict(letter.headers)["dlt-reason"])
        for letter in await dead_letters(harness.bootstrap)
    )
    assert found == Counter((case.topic, case.key, case.value, case.reason) for case in cases)
    assert worker.pid == pid
    assert worker.running
    assert peak_mib(pid) < MEMORY_MIB_MAX
