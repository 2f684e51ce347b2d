import pytest

from app.metrics.catalogue import CATALOGUE
from app.metrics.observer import Observer


@pytest.fixture
def observer() -> Observer:
    return Observer()


def value(observer: Observer, name: str, **labels: str) -> float | None:
    return observer.registry.get_sample_value(name, labels)


def test_everything_exposed_is_in_the_catalogue_or_of_the_process(observer: Observer) -> None:
    exposed = {metric.name for metric in observer.registry.collect()}
    expected = {metric.name.removesuffix("_total") for metric in CATALOGUE}
    assert {name for name in exposed if not name.startswith("process_")} == expected


def test_known_series_stand_at_zero_from_the_start(observer: Observer) -> None:
    assert value(observer, "inventory_events_processed_total", type="SALE") == 0
    for reason in ("invalid-value", "unmatched-refund"):
        assert value(observer, "stayshelf_dead_letters_total", topic="payment-events", reason=reason) == 0


def test_counters_count(observer: Observer) -> None:
    observer.consumed("booking-events", 7)
    observer.applied("booking-events", "CONFIRMED", 3)
    observer.applied("payment-events", "COMPLETED", 2)
    observer.duplicates("booking-events", 1)
    observer.ignored("booking-events", "late-state", 2)
    observer.dead_letters("booking-events", "invalid-value", 1)
    observer.retries("payment-events", 4)
    observer.late_dropped("sales", 5)
    assert value(observer, "kafka_consumer_records_consumed_total", topic="booking-events") == 7
    assert value(observer, "booking_events_processed_total", type="CONFIRMED") == 3
    assert value(observer, "payment_events_processed_total", type="COMPLETED") == 2
    assert value(observer, "stayshelf_duplicates_total", topic="booking-events") == 1
    assert value(observer, "stayshelf_ignored_total", topic="booking-events", reason="late-state") == 2
    assert value(observer, "stayshelf_dead_letters_total", topic="booking-events", reason="invalid-value") == 1
    assert value(observer, "stayshelf_retries_total", topic="payment-events") == 4
    assert value(observer, "stayshelf_late_dropped_total", window="sales") == 5


def test_internal_topics_are_no_events(observer: Observer) -> None:
    observer.consumed("stayshelf-reservations", 2)
    observer.applied("stayshelf-reservations", "reserved", 2)
    observer.duplicates("stayshelf-reservations", 2)
    assert value(observer, "kafka_consumer_records_consumed_total", topic="stayshelf-reservations") == 2
    assert value(observer, "stayshelf_duplicates_total", topic="stayshelf-reservations") is None


def test_rates_and_means_of_the_last_half_minute(observer: Observer) -> None:
    assert value(observer, "kafka_producer_batch_size_avg") == 0
    observer.consumed("booking-events", 300)
    observer.sent(60, batches=3, size=900)
    observer.send_failed(1)
    assert value(observer, "kafka_consumer_records_consumed_rate") == 10
    assert value(observer, "kafka_producer_record_send_rate") == 2
    assert value(observer, "kafka_producer_batch_size_avg") == 300
    assert value(observer, "kafka_producer_record_send_total") == 60
    assert value(observer, "kafka_producer_record_error_total") == 1


def test_latency_leaves_out_what_is_older_than_an_hour(observer: Observer) -> None:
    now = 10_000_000
    observer.queryable([now - 40, now + 500, now - 3_600_000, now - 3_600_001, 0], now)
    assert value(observer, "stayshelf_event_latency_seconds_count") == 3
    assert value(observer, "stayshelf_event_latency_seconds_bucket", le="0.05") == 2
    assert value(observer, "stayshelf_event_latency_seconds_sum") == pytest.approx(3600.04)


def test_durations(observer: Observer) -> None:
    observer.committed(0.004)
    observer.rebalanced(2.0)
    assert value(observer, "stayshelf_commit_seconds_bucket", le="0.005") == 1
    assert value(observer, "stayshelf_rebalance_pause_seconds_sum") == 2


def test_gauges_sum_the_partitions_that_are_here(observer: Observer) -> None:
    observer.negative_stock_rows(1, 4)
    observer.negative_stock_rows(2, 3)
    observer.negative_stock_rows(1, 5)
    observer.overbooked_nights(1, 9)
    observer.restore_remaining("stock", 1, 100)
    observer.restore_remaining("bookings", 1, 7)
    observer.standby_lag("stock", 2, 6)
    assert value(observer, "stayshelf_negative_stock_rows") == 8
    assert value(observer, "stayshelf_overbooked_nights") == 9
    assert value(observer, "stayshelf_restore_remaining_records", table="stock") == 100
    observer.released("inventory", 1)
    observer.released("stock", 1)
    assert value(observer, "stayshelf_negative_stock_rows") == 3
    assert value(observer, "stayshelf_overbooked_nights") == 0
    assert value(observer, "stayshelf_restore_remaining_records", table="stock") == 0
    assert value(observer, "stayshelf_restore_remaining_records", table="bookings") == 7
    assert value(observer, "stayshelf_standby_lag_records", table="stock") == 6


def test_lags_replace_those_before(observer: Observer) -> None:
    observer.lags({("booking-events", 1): 5, ("booking-events", 2): 9})
    assert value(observer, "kafka_consumer_lag_max") == 9
    observer.lags({("booking-events", 1): 6})
    assert value(observer, "kafka_consumer_lag", topic="booking-events", partition="1") == 6
    assert value(observer, "kafka_consumer_lag", topic="booking-events", partition="2") is None
    observer.lags({})
    assert value(observer, "kafka_consumer_lag_max") == 0
