import re
from pathlib import Path

from app.metrics.catalogue import CATALOGUE, PROCESSED, Kind

NAMED = [
    "kafka_consumer_lag_max",
    "kafka_consumer_lag{topic,partition}",
    "kafka_consumer_records_consumed_total{topic}",
    "kafka_consumer_records_consumed_rate",
    "kafka_producer_batch_size_avg",
    "kafka_producer_record_send_rate",
    "kafka_producer_record_send_total",
    "kafka_producer_record_error_total",
    "booking_events_processed_total{type}",
    "inventory_events_processed_total{type}",
    "payment_events_processed_total{type}",
    "stayshelf_duplicates_total{topic}",
    "stayshelf_ignored_total{topic,reason}",
    "stayshelf_dead_letters_total{topic,reason}",
    "stayshelf_retries_total{topic}",
    "stayshelf_late_dropped_total{window}",
    "stayshelf_negative_stock_rows",
    "stayshelf_overbooked_nights",
    "stayshelf_event_latency_seconds",
    "stayshelf_commit_seconds",
    "stayshelf_restore_remaining_records{table}",
    "stayshelf_standby_lag_records{table}",
    "stayshelf_rebalance_pause_seconds",
]


def test_every_metric_of_the_contract_stands_in_the_catalogue() -> None:
    shown = [metric.name + (f"{{{','.join(metric.labels)}}}" if metric.labels else "") for metric in CATALOGUE]
    assert shown[: len(NAMED)] == NAMED
    assert all(name.startswith("stayshelf_") for name in shown[len(NAMED) :])
    assert len(set(shown)) == len(shown)


def test_kinds_fit_the_names() -> None:
    for metric in CATALOGUE:
        assert (metric.kind is Kind.COUNTER) == metric.name.endswith("_total")
        assert (metric.kind is Kind.HISTOGRAM) == bool(metric.buckets)
        assert metric.kind is not Kind.HISTOGRAM or metric.name.endswith("_seconds")
        assert metric.help.endswith(".")
        assert all(len(values) == len(metric.labels) for values in metric.series)


def test_each_source_has_a_counter_of_applied_events() -> None:
    assert set(PROCESSED) == {"booking-events", "inventory-events", "payment-events"}


def test_the_manual_says_of_each_what_it_means_and_what_to_do() -> None:
    text = (Path(__file__).parents[3] / "docs" / "operations.md").read_text("utf-8")
    section = text.split("\n## Metrics\n")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [metric.name for metric in CATALOGUE]
