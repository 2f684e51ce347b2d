import pytest

from app.metrics.catalogue import CATALOGUE
from app.metrics.observer import Observer
from tests.app.metrics.readings import readings


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


def test_requests_by_class_of_status(observer: Observer) -> None:
    for status in (200, 304, 404, 503):
        observer.answered(status)
    assert value(observer, "stayshelf_http_requests_total", status="2xx") == 1
    assert value(observer, "stayshelf_http_requests_total", status="5xx") == 1


def test_gauges_are_read_whenever_somebody_looks(observer: Observer) -> None:
    now = readings(
        lag={("booking-events", 1): 5, ("booking-events", 2): 9},
        stable_age_s={("booking-events", 1): 2.5},
        partitions={("inventory", "active"): 3},
        restore_remaining={"stock": 100},
        negative_stock_rows=4,
        overbooked_nights=2,
        in_touch=False,
    )
    observer.read_by(lambda: now)
    assert value(observer, "kafka_consumer_lag_max") == 9
    assert value(observer, "kafka_consumer_lag", topic="booking-events", partition="2") == 9
    assert value(observer, "stayshelf_stable_offset_age_seconds", topic="booking-events", partition="1") == 2.5
    assert value(observer, "stayshelf_partitions", group="inventory", role="active") == 3
    assert value(observer, "stayshelf_restore_remaining_records", table="stock") == 100
    assert value(observer, "stayshelf_restore_remaining_records", table="bookings") == 0
    assert value(observer, "stayshelf_negative_stock_rows") == 4
    assert value(observer, "stayshelf_overbooked_nights") == 2
    assert (value(observer, "stayshelf_in_touch"), value(observer, "stayshelf_schema_registry_up")) == (0, 1)

    now = readings(lag={("booking-events", 1): 6})
    assert value(observer, "kafka_consumer_lag_max") == 6
    assert value(observer, "kafka_consumer_lag", topic="booking-events", partition="2") is None
    assert value(observer, "stayshelf_partitions", group="inventory", role="active") == 0
    assert value(observer, "stayshelf_restore_remaining_records", table="stock") == 0

    now = readings()
    assert value(observer, "kafka_consumer_lag_max") == 0
