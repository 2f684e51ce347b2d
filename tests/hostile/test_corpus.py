from collections import Counter
from types import SimpleNamespace

import pytest

from app.domain.poison import Poison
from app.engine.decode.registry import BundledRegistry
from app.engine.intake import decoders
from app.simulator.reference.poison import Poisoned, read_event
from app.simulator.reference.record import LogRecord
from tests.hostile.corpus import TOPICS, Case, avro, corpus, document, good

NOW = 1_750_000_000_000
CASES = corpus(NOW)
DECODERS = decoders(BundledRegistry())


def judged(topic: str, key: bytes | None, value: bytes | None) -> str:
    """The reason our decoder gives; empty for a good record."""
    (event,) = DECODERS[topic].decode([SimpleNamespace(offset=0, timestamp=NOW, key=key, value=value)])
    return event.reason if isinstance(event, Poison) else ""


def judged_by_the_reference(case: Case) -> str:
    try:
        read_event(LogRecord(case.topic, 0, 0, NOW, case.key, case.value))
    except Poisoned as poisoned:
        return poisoned.reason
    return ""


def test_there_are_many_and_each_is_told_apart() -> None:
    assert len(CASES) >= 200
    assert max(Counter(case.name for case in CASES).values()) == 1
    assert {(case.topic, case.reason) for case in CASES} == {
        (topic, reason) for topic in TOPICS for reason in {case.reason for case in CASES}
    }


@pytest.mark.parametrize("topic", TOPICS)
def test_without_the_one_thing_wrong_they_are_good(topic: str) -> None:
    key, fields, parts = good(topic, NOW)
    assert judged(topic, key, avro(topic, parts)) == ""
    assert judged(topic, key, document(fields)) == ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_is_dead_for_its_reason(case: Case) -> None:
    assert judged(case.topic, case.key, case.value) == case.reason
    assert judged_by_the_reference(case) == case.reason
