from collections import Counter

import orjson
import pytest

from app.simulator.encoding import BOOKINGS, INVENTORY, PAYMENTS
from app.simulator.outgoing import Outgoing
from app.simulator.reference.model import DEAD, DUPLICATE, PARTITIONS, WAITING, Reference
from app.simulator.reference.murmur2 import partition_of
from app.simulator.reference.record import LogRecord
from app.simulator.scenario import NONE, Scenario, Shares
from tests.app.simulator.reference.log import NOW

COUNT = 8_000


def drawn(seed: int, start: int = NOW, shares: Shares = NONE) -> list[Outgoing]:
    return list(Scenario(seed, start=start, rate=1_000, shares=shares).records(COUNT))


def outcomes(records: list[Outgoing]) -> tuple[Counter[str], Reference]:
    model = Reference()
    found: Counter[str] = Counter()
    for offset, record in enumerate(records):
        partition = partition_of(record.key or b"", PARTITIONS[record.topic])
        assert record.due is not None
        at = NOW + int(record.due * 1_000)
        found[model.feed(LogRecord(record.topic, partition, offset, at, record.key, record.value))] += 1
    return found, model


def test_the_same_seed_and_start_give_the_same_bytes() -> None:
    shares = Shares(0.1, 0.1, 0.1)
    assert drawn(5, shares=shares) == drawn(5, shares=shares)
    assert drawn(5) != drawn(6)


def test_another_start_moves_the_same_events_in_time() -> None:
    def told(start: int) -> list[tuple[str, bytes | None, object]]:
        events = [(r.topic, r.key, orjson.loads(r.value)) for r in drawn(5, start) if r.value and r.value[:1] == b"{"]
        return [
            (topic, key, {**event, "occurredAt": event["occurredAt"] - start})
            for topic, key, event in events
            if topic == PAYMENTS
        ]

    assert told(NOW) == told(NOW + 86_400_000)


def test_without_shares_everything_can_be_applied() -> None:
    found, model = outcomes(drawn(5))
    assert found[DEAD] == found[DUPLICATE] == 0
    assert found["applied"] > 0.95 * COUNT
    assert {topic for topic, _type in model.applied} == {BOOKINGS, INVENTORY, PAYMENTS}


def test_shares_are_kept() -> None:
    found, model = outcomes(drawn(5, shares=Shares(duplicates=0.1, poison=0.2)))
    assert found[DEAD] + found[WAITING] == pytest.approx(0.2 * COUNT, rel=0.1)
    assert found[WAITING] > 0
    # A writer of v1 sends no event id: rule 4 ignores what it sends twice.
    repeated = found[DUPLICATE] + found["late-state"] + found["not-an-amendment"] + found["final-state"]
    assert repeated == pytest.approx(0.1 * COUNT, rel=0.2)
    assert len({letter.reason for letter in model.dead_letters}) == 5


def test_late_events_happened_long_before() -> None:
    _found, model = outcomes(drawn(5, shares=Shares(late=0.3)))
    assert sum(row.late_movements for row in model.stock.values()) > 100
    assert model.ignored[INVENTORY, "stale-count"] > 10


def test_records_are_due_at_their_rate() -> None:
    assert [record.due for record in drawn(5)[:3]] == [0.0, 0.001, 0.002]


def test_every_writer_is_there() -> None:
    first = Counter(
        (record.topic, record.value[:5] if record.value[:1] == b"\0" else b"{") for record in drawn(5) if record.value
    )
    assert {(topic, start[-1:]) for topic, start in first} == {
        (BOOKINGS, b"\1"),
        (BOOKINGS, b"\2"),
        (BOOKINGS, b"{"),
        (INVENTORY, b"\3"),
        (INVENTORY, b"{"),
        (PAYMENTS, b"\4"),
        (PAYMENTS, b"{"),
    }
