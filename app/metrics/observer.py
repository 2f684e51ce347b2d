"""The one place that feeds the metrics: the engine says what happened, the scrape reads it here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, disable_created_metrics
from prometheus_client.registry import Collector

from app.engine.readings import Readings
from app.metrics import catalogue
from app.metrics.catalogue import CATALOGUE, Kind, Metric
from app.metrics.histogram import BatchHistogram
from app.metrics.rate import Recent

#: Events older than this when they become queryable say nothing about latency: they are a replay.
LATENCY_LIMIT_SECONDS = 3600.0


class Observer:
    """One worker's metrics. Amounts are whole numbers, times seconds, record timestamps epoch milliseconds."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._before = _Before()
        self.registry.register(self._before)
        ProcessCollector(registry=self.registry)
        self._made = {metric.name: _made(metric, self.registry) for metric in CATALOGUE}
        self._consumed, self._sent, self._batches, self._batch_bytes = Recent(), Recent(), Recent(), Recent()
        self._of(catalogue.CONSUMED_RATE).set_function(self._consumed.per_second)
        self._of(catalogue.SEND_RATE).set_function(self._sent.per_second)
        self._of(catalogue.BATCH_SIZE).set_function(self._mean_batch_bytes)

    def _of(self, metric: Metric) -> Any:
        return self._made[metric.name]

    def _mean_batch_bytes(self) -> float:
        batches = self._batches.total()
        return self._batch_bytes.total() / batches if batches else 0.0

    def consumed(self, topic: str, count: int) -> None:
        """Records of a topic were read and committed."""
        self._of(catalogue.CONSUMED).labels(topic).inc(count)
        self._consumed.add(count)

    def applied(self, topic: str, kind: str, count: int) -> None:
        """Events changed something; kind is the status or the event type. Internal topics don't count."""
        if topic in catalogue.PROCESSED:
            self._of(catalogue.PROCESSED[topic]).labels(kind).inc(count)

    def duplicates(self, topic: str, count: int) -> None:
        """Events were not applied again (rule 1). Internal topics don't count."""
        if topic in catalogue.PROCESSED:
            self._of(catalogue.DUPLICATES).labels(topic).inc(count)

    def ignored(self, topic: str, reason: str, count: int) -> None:
        """Events changed nothing, for a reason of the contract."""
        self._of(catalogue.IGNORED).labels(topic, reason).inc(count)

    def dead_letters(self, topic: str, reason: str, count: int) -> None:
        """Records of a source topic went to its dead letter topic."""
        self._of(catalogue.DEAD_LETTERS).labels(topic, reason).inc(count)

    def retries(self, topic: str, count: int) -> None:
        """Records of a source topic went to a retry topic."""
        self._of(catalogue.RETRIES).labels(topic).inc(count)

    def late_dropped(self, window: str, count: int) -> None:
        """Events came too late for a pane size; window is sales, bookings or payments."""
        self._of(catalogue.LATE_DROPPED).labels(window).inc(count)

    def committed(self, seconds: float) -> None:
        """A commit took so long, from its first send to rows on disk."""
        self._of(catalogue.COMMIT).observe(np.array([seconds]))

    def queryable(self, timestamps: Sequence[int] | npt.NDArray[np.int64], now: int) -> None:
        """Records with these timestamps are committed and can be read now (both epoch ms)."""
        seconds = (now - np.asarray(timestamps, dtype=np.int64)) / 1000.0
        self._of(catalogue.EVENT_LATENCY).observe(np.maximum(seconds[seconds <= LATENCY_LIMIT_SECONDS], 0.0))

    def sent(self, records: int, batches: int, size: int) -> None:
        """Records were acknowledged, in so many batches of so many bytes together."""
        self._of(catalogue.SENT).inc(records)
        self._sent.add(records)
        self._batches.add(batches)
        self._batch_bytes.add(size)

    def send_failed(self, records: int) -> None:
        """Records could not be sent."""
        self._of(catalogue.SEND_ERRORS).inc(records)

    def rebalanced(self, pause_seconds: float) -> None:
        """A rebalance kept the partitions still for so long."""
        self._of(catalogue.REBALANCE_PAUSE).observe(np.array([pause_seconds]))

    def store_set_aside(self, group: str) -> None:
        """The directory of a group's partition could not be trusted and is made anew."""
        self._of(catalogue.STORES_SET_ASIDE).labels(group).inc()

    def halted(self, partitions: int) -> None:
        """So many partitions stand still because the disk refuses to take their state."""
        self._of(catalogue.HALTED).set(partitions)

    def answered(self, status: int) -> None:
        """A request for /v1 was answered with this HTTP status."""
        self._of(catalogue.HTTP).labels(f"{status // 100}xx").inc()

    def read_by(self, readings: Callable[[], Readings]) -> None:
        """Where the gauges' values come from: asked whenever somebody looks at the registry."""
        self._before.action = lambda: self._show(readings())

    def _show(self, now: Readings) -> None:
        self._of(catalogue.LAG_MAX).set(max(now.lag.values(), default=0))
        self._of(catalogue.NEGATIVE_STOCK).set(now.negative_stock_rows)
        self._of(catalogue.OVERBOOKED).set(now.overbooked_nights)
        self._of(catalogue.WITHOUT_STANDBY).set(now.without_standby)
        self._of(catalogue.IN_TOUCH).set(now.in_touch)
        self._of(catalogue.REGISTRY_UP).set(now.registry_up)
        self._of(catalogue.SCHEMAS_AWAITED).set(now.schemas_awaited)
        for metric, values in (
            (catalogue.LAG, now.lag),
            (catalogue.STABLE_LAG, now.stable_lag),
            (catalogue.STABLE_AGE, now.stable_age_s),
            (catalogue.STOPPED, now.stopped),
            (catalogue.PARTITIONS, now.partitions),
            (catalogue.RESTORE_REMAINING, now.restore_remaining),
            (catalogue.STANDBY_LAG, now.standby_lag),
            (catalogue.ROCKSDB_DISK, now.disk_bytes),
            (catalogue.ROCKSDB_MEMORY, now.memory_bytes),
        ):
            self._replace(metric, values)

    def _replace(self, metric: Metric, values: Mapping[Any, float]) -> None:
        """These series and those that stand from the start; whatever else was shown is gone."""
        gauge = self._of(metric)
        gauge.clear()
        for labels in metric.series:
            gauge.labels(*labels)
        for of, value in values.items():
            gauge.labels(*(of if isinstance(of, tuple) else (of,))).set(value)


class _Before(Collector):
    """Collected first, and brings nothing: what it does makes the others' values those of now."""

    def __init__(self) -> None:
        self.action: Callable[[], None] = lambda: None

    def collect(self) -> Iterable[Any]:
        """Nothing."""
        self.action()
        return ()


def _made(metric: Metric, registry: CollectorRegistry) -> Any:
    if metric.kind is Kind.HISTOGRAM:
        return BatchHistogram(metric, registry)
    kind = Counter if metric.kind is Kind.COUNTER else Gauge
    made = kind(metric.name, metric.help, metric.labels, registry=registry)
    for values in metric.series:
        made.labels(*values)
    return made
