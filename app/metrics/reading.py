"""What the metrics stand at now, for whoever shows them without being a scraper."""

from collections import defaultdict
from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from app.metrics.catalogue import Kind, Metric

Labels = dict[str, str]


class Reading:
    """All series of a registry at one moment."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._samples: dict[str, list[tuple[Labels, float]]] = defaultdict(list)
        for family in registry.collect():
            for sample in family.samples:
                self._samples[sample.name].append((sample.labels, sample.value))

    def total(self, metric: Metric) -> int:
        """A counter or gauge, over all its labels."""
        return int(sum(value for _, value in self._samples[metric.name]))

    def by(self, metric: Metric, label: str) -> dict[str, int]:
        """A counter or gauge by one label, over the others."""
        found: dict[str, int] = defaultdict(int)
        for labels, value in self._samples[metric.name]:
            found[labels[label]] += int(value)
        return dict(found)

    def series(self, metric: Metric) -> list[tuple[Labels, int]]:
        """A counter's or gauge's series."""
        return [(labels, int(value)) for labels, value in self._samples[metric.name]]

    def counts(self, metric: Metric) -> list[int]:
        """A histogram's observations bucket by bucket, not summed up; the last bucket has no bound."""
        assert metric.kind is Kind.HISTOGRAM
        up_to = [int(value) for _, value in self._samples[f"{metric.name}_bucket"]]
        return [high - low for low, high in zip([0, *up_to], up_to, strict=False)]


def quantile(counts: Sequence[int], bounds: Sequence[float], share: float) -> float | None:
    """The value that `share` of the observations do not exceed, as even within a bucket; None without observations.

    In the bucket without a bound it is the highest bound.
    """
    wanted = share * sum(counts)
    if not wanted:
        return None
    low = 0.0
    for count, high in zip(counts, bounds, strict=False):
        if count >= wanted:
            return low + (high - low) * wanted / count
        wanted -= count
        low = high
    return low
