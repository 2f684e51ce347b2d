"""A Prometheus histogram that takes many observations at once: a commit makes thousands of events queryable."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from app.metrics.catalogue import Metric


class BatchHistogram(Collector):
    """Counts per bucket and the sum of all observations, exposed as an ordinary histogram without labels."""

    def __init__(self, metric: Metric, registry: CollectorRegistry) -> None:
        self._metric = metric
        self._bounds = np.asarray(metric.buckets)
        self._counts = np.zeros(len(metric.buckets) + 1, dtype=np.int64)
        self._sum = 0.0
        registry.register(self)

    def observe(self, values: npt.NDArray[np.float64]) -> None:
        """Add observations; a bucket holds what is at most its bound."""
        places = np.searchsorted(self._bounds, values, side="left")
        self._counts += np.bincount(places, minlength=len(self._counts))
        self._sum += float(values.sum())

    def collect(self) -> Iterable[Any]:
        """One metric family with cumulative buckets."""
        names = [str(bound) for bound in self._metric.buckets] + ["+Inf"]
        counts = np.cumsum(self._counts).astype(float)
        buckets = list(zip(names, counts.tolist(), strict=True))
        yield HistogramMetricFamily(self._metric.name, self._metric.help, buckets=buckets, sum_value=self._sum)
