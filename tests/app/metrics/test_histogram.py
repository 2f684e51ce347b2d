import numpy as np
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from app.metrics.catalogue import Kind, Metric
from app.metrics.histogram import BatchHistogram

BUCKETS = (0.01, 0.5, 1.0, 60.0)


def test_it_counts_as_the_clients_own_histogram_does() -> None:
    values = np.concatenate(
        [np.random.default_rng(1).exponential(0.5, 5_000), np.array([0.0, 0.01, 0.5, 1.0, 60.0, 1e6])]
    )
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    histogram = BatchHistogram(Metric("x_seconds", Kind.HISTOGRAM, "Help.", buckets=BUCKETS), ours)
    for half in np.array_split(values, 2):
        histogram.observe(half)
    expected = Histogram("x_seconds", "Help.", buckets=BUCKETS, registry=theirs)
    for value in values:
        expected.observe(value)
    ours_text, theirs_text = generate_latest(ours).decode(), generate_latest(theirs).decode()
    lines = [line for line in theirs_text.splitlines() if "_created" not in line and "_sum" not in line]
    assert [line for line in ours_text.splitlines() if "_sum" not in line] == lines


def test_nothing_observed_is_all_zero() -> None:
    registry = CollectorRegistry()
    histogram = BatchHistogram(Metric("x_seconds", Kind.HISTOGRAM, "Help.", buckets=BUCKETS), registry)
    histogram.observe(np.array([]))
    assert registry.get_sample_value("x_seconds_count") == 0
    assert registry.get_sample_value("x_seconds_sum") == 0
