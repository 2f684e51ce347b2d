"""The one place that feeds the metrics: the engine says what happened, the scrape reads it here."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, disable_created_metrics

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
        ProcessCollector(registry=self.registry)
        self._made = {metric.name: _made(metric, self.registry) for metric in CATALOGUE}
        self._per_task: dict[Metric, dict[tuple[str, int], int]] = {}
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

    def negative_stock_rows(self, partition: int, count: int) -> None:
        """So many rows of an active inventory partition are below zero now."""
        self._set(catalogue.NEGATIVE_STOCK, ("inventory", partition), count)

    def overbooked_nights(self, partition: int, count: int) -> None:
        """So many nights of an active inventory partition are overbooked now."""
        self._set(catalogue.OVERBOOKED, ("inventory", partition), count)

    def restore_remaining(self, table: str, partition: int, records: int) -> None:
        """So many changelog records are still to restore for a table's (or group's) partition; 0 when it is done."""
        self._set(catalogue.RESTORE_REMAINING, (table, partition), records)

    def standby_lag(self, table: str, partition: int, records: int) -> None:
        """A standby copy of a table's (or group's) partition is so many changelog records behind."""
        self._set(catalogue.STANDBY_LAG, (table, partition), records)

    def released(self, name: str, partition: int) -> None:
        """A partition of this table or group is gone, or changes its role: forget its share of the gauges."""
        for metric, shares in self._per_task.items():
            if shares.pop((name, partition), None) is not None:
                self._show(metric, name)

    def lags(self, records_behind: Mapping[tuple[str, int], int]) -> None:
        """Records behind by (topic, partition): all this worker is active for; others are no longer shown."""
        gauge = self._of(catalogue.LAG)
        gauge.clear()
        for (topic, partition), lag in records_behind.items():
            gauge.labels(topic, partition).set(lag)
        self._of(catalogue.LAG_MAX).set(max(records_behind.values(), default=0))

    def _set(self, metric: Metric, task: tuple[str, int], value: int) -> None:
        self._per_task.setdefault(metric, {})[task] = value
        self._show(metric, task[0])

    def _show(self, metric: Metric, name: str) -> None:
        total = sum(value for (of, _), value in self._per_task[metric].items() if of == name)
        gauge = self._of(metric)
        (gauge.labels(name) if metric.labels else gauge).set(total)


def _made(metric: Metric, registry: CollectorRegistry) -> Any:
    if metric.kind is Kind.HISTOGRAM:
        return BatchHistogram(metric, registry)
    kind = Counter if metric.kind is Kind.COUNTER else Gauge
    made = kind(metric.name, metric.help, metric.labels, registry=registry)
    for values in metric.series:
        made.labels(*values)
    return made
