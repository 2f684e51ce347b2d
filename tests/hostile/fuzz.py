"""Hostile records by the thousand (`make hostile`): each a good record, or one of the corpus, with bytes changed.

The decoders must judge each as the reference model does, once, and leave its good neighbours as they are."""

import argparse
import os
import time
from collections import Counter
from random import Random
from types import SimpleNamespace
from typing import Any

from app.domain.poison import REASONS, Poison
from app.engine.decode import Decoder
from app.engine.decode.registry import BundledRegistry
from app.simulator.reference.poison import Poisoned, read_event
from app.simulator.reference.record import LogRecord
from tests.hostile.corpus import TOPICS, avro, corpus, document, good

NOW = 1_750_000_000_000
SHORT = 2_000  # bytes; longer values are tried as they are
MARKS = [bytes([each]) for each in b'\0\x01\x7f\x80\xff"{}[],:\\e-']
TELLING = [b"", b"1e999", b"null", *MARKS]
TIMESTAMPS = [NOW, NOW, NOW, NOW - 600_000, NOW - 600_001, 0, -1]
#: Hostile records of a list, each with a good one in front of it.
LIST = 40

#: A place (as a share of the value), how many bytes go there, and what comes instead.
Edit = tuple[float, int, bytes]


def bases(topic: str) -> list[tuple[bytes | None, bytes]]:
    """Keys and values to begin with: good ones more often than one in as many."""
    found: list[tuple[bytes | None, bytes]] = []
    for number in range(40):
        key, fields, parts = good(topic, NOW, number)
        found += [(key, avro(topic, parts)), (key, document(fields))]
    cases = [case for case in corpus(NOW) if case.topic == topic and case.value and len(case.value) < SHORT]
    return found + [(case.key, case.value or b"") for case in cases]


BASES = {topic: bases(topic) for topic in TOPICS}


def edited(value: bytes, edits: list[Edit]) -> bytes:
    """The value with its edits made."""
    for place, gone, new in edits:
        at = int(place * len(value))
        value = value[:at] + new + value[at + gone :]
    return value


def verdict(topic: str, record: Any) -> str:
    """The reference model's reason; empty for a good record."""
    try:
        read_event(LogRecord(topic, 0, record.offset, record.timestamp, record.key, record.value))
    except Poisoned as poisoned:
        return poisoned.reason
    return ""


def judged(topic: str, records: list[Any]) -> list[str]:
    """The decoders' reasons, which are the same alone and in columns, and the reference's."""
    alone = Decoder(topic, BundledRegistry(), min_batch=10**9).decode(records)
    together = Decoder(topic, BundledRegistry(), min_batch=1).decode(records)
    assert list(alone) == list(together), (topic, records)
    found = [event.reason if isinstance(event, Poison) else "" for event in alone]
    assert set(found) <= {"", *REASONS}
    assert found == [verdict(topic, record) for record in records], (topic, records)
    return found


def edit(rng: Random) -> Edit:
    """One change; half of them are of bytes that mean something."""
    new = rng.choice(TELLING) if rng.random() < 0.5 else rng.randbytes(rng.randrange(7))
    return rng.random(), rng.randrange(5), new


def hostile_among_good(topic: str, rng: Random) -> list[Any]:
    """A list of records: at even places good ones, at odd ones what the fuzzer makes."""
    records = []
    for _ in range(LIST):
        key, fields, parts = good(topic, NOW, rng.randrange(1_000))
        records.append((NOW, key, document(fields) if rng.random() < 0.3 else avro(topic, parts)))
        key, value = rng.choice(BASES[topic])
        records.append((rng.choice(TIMESTAMPS), key, edited(value, [edit(rng) for _ in range(rng.randrange(1, 4))])))
    return [
        SimpleNamespace(offset=n, timestamp=timestamp, key=key, value=value)
        for n, (timestamp, key, value) in enumerate(records)
    ]


def run(*, seed: int, seconds: float, at_least: int = 0) -> Counter[str]:
    """How many hostile records were tried, by what they are judged to be (empty: good after all)."""
    rng, until, tried = Random(seed), time.monotonic() + seconds, Counter[str]()
    while time.monotonic() < until or tried.total() < at_least:
        topic = rng.choice(TOPICS)
        found = judged(topic, hostile_among_good(topic, rng))
        assert not any(found[::2]), (topic, "a good neighbour was harmed")
        tried.update(found[1::2])
    return tried


def main() -> None:
    """Fuzz for some time, and say how much was tried."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    tried = run(seed=arguments.seed, seconds=arguments.seconds)
    print(f"{tried.total():,} hostile records among as many good ones, all judged as the reference model does:")
    for reason, count in tried.most_common():
        print(f"{count:>12,}  {reason or 'good all the same'}")


if __name__ == "__main__":
    main()
