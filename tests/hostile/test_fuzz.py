"""What a fuzzer makes of the corpus: the decoders never raise, and judge as the reference model does.

STAYSHELF_TEST_EXAMPLES says how many lists of records are tried; without it a few hundred."""

import os
from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.poison import REASONS, Poison
from app.engine.decode import Decoder
from app.engine.decode.registry import BundledRegistry
from app.simulator.reference.poison import Poisoned, read_event
from app.simulator.reference.record import LogRecord
from tests.hostile.corpus import TOPICS, avro, corpus, document, good

NOW = 1_750_000_000_000
EXAMPLES = int(os.environ.get("STAYSHELF_TEST_EXAMPLES", "200"))
SHORT = 2_000  # bytes; longer values are tried as they are
MARKS = [bytes([each]) for each in b'\0\x01\x7f\x80\xff"{}[],:\\e-']
TELLING = [b"", b"1e999", b"null", *MARKS]


def bases(topic: str) -> list[tuple[bytes | None, bytes]]:
    """Keys and values to begin with: good ones more often than one in as many."""
    found: list[tuple[bytes | None, bytes]] = []
    for number in range(40):
        key, fields, parts = good(topic, NOW, number)
        found += [(key, avro(topic, parts)), (key, document(fields))]
    cases = [case for case in corpus(NOW) if case.topic == topic and case.value and len(case.value) < SHORT]
    return found + [(case.key, case.value or b"") for case in cases]


BASES = {topic: bases(topic) for topic in TOPICS}
#: A place (as a share of the value), how many bytes go there, and what comes instead.
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 4), st.sampled_from(TELLING) | st.binary(max_size=6)), max_size=3
)


def edited(value: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    for place, gone, new in edits:
        at = int(place * len(value))
        value = value[:at] + new + value[at + gone :]
    return value


@st.composite
def lists(draw: Any) -> tuple[str, list[Any]]:
    topic = draw(st.sampled_from(TOPICS))
    made = draw(st.lists(st.tuples(st.sampled_from(BASES[topic]), EDITS), min_size=1, max_size=40))
    timestamps = st.sampled_from([NOW, NOW, NOW, NOW - 600_000, NOW - 600_001, 0, -1])
    return topic, [
        SimpleNamespace(offset=n, timestamp=draw(timestamps), key=key, value=edited(value, edits))
        for n, ((key, value), edits) in enumerate(made)
    ]


def verdict(topic: str, record: Any) -> str:
    try:
        read_event(LogRecord(topic, 0, record.offset, record.timestamp, record.key, record.value))
    except Poisoned as poisoned:
        return poisoned.reason
    return ""


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
@given(lists())
def test_decoders_judge_whatever_a_fuzzer_makes_as_the_reference_does(made: tuple[str, list[Any]]) -> None:
    topic, records = made
    alone = Decoder(topic, BundledRegistry(), min_batch=10**9).decode(records)
    together = Decoder(topic, BundledRegistry(), min_batch=1).decode(records)
    assert alone == together
    found = [event.reason if isinstance(event, Poison) else "" for event in alone]
    assert set(found) <= {"", *REASONS}
    assert found == [verdict(topic, record) for record in records]
