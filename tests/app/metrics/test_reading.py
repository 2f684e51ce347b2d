import numpy as np
import pytest

from app.metrics import catalogue
from app.metrics.observer import Observer
from app.metrics.reading import Reading, quantile
from tests.app.metrics.readings import readings


@pytest.fixture
def observer() -> Observer:
    made = Observer()
    made.consumed("booking-events", 3)
    made.consumed("payment-events", 4)
    made.dead_letters("booking-events", "invalid-value", 2)
    made.read_by(lambda: readings(overbooked_nights=6))
    return made


def test_counters_and_gauges_by_label_and_in_all(observer: Observer) -> None:
    reading = Reading(observer.registry)
    assert reading.total(catalogue.CONSUMED) == 7
    assert reading.by(catalogue.CONSUMED, "topic") == {
        "booking-events": 3, "inventory-events": 0, "payment-events": 4,
    }  # fmt: skip
    assert reading.total(catalogue.OVERBOOKED) == 6
    found = [(labels, count) for labels, count in reading.series(catalogue.DEAD_LETTERS) if count]
    assert found == [({"topic": "booking-events", "reason": "invalid-value"}, 2)]


def test_a_histogram_bucket_by_bucket(observer: Observer) -> None:
    observer.queryable(np.array([0, 0, 0]), 20)
    observer.queryable(np.array([0]), 3_000_000)
    counts = Reading(observer.registry).counts(catalogue.EVENT_LATENCY)
    bounds = catalogue.EVENT_LATENCY.buckets
    assert len(counts) == len(bounds) + 1
    assert {bounds[place]: count for place, count in enumerate(counts) if count} == {0.025: 3, 3600.0: 1}


@pytest.mark.parametrize(
    ("counts", "share", "expected"),
    [
        ([0, 0, 0], 0.5, None),
        ([4, 0, 0], 0.5, 0.5),
        ([1, 2, 0], 0.5, 1.25),
        ([1, 1, 0], 0.99, 1.98),
        ([0, 0, 9], 0.5, 2.0),
    ],
)
def test_a_quantile_lies_inside_its_bucket(counts: list[int], share: float, expected: float | None) -> None:
    assert quantile(counts, (1.0, 2.0), share) == (expected if expected is None else pytest.approx(expected))
