"""Every metric of this program: name as exposed, kind, help, labels, and the series that stand at 0 from the start."""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """Prometheus' word for it."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(NamedTuple):
    """One metric; series are label values exposed from the start, so that rates see the first event."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    series: tuple[tuple[str, ...], ...] = ()
    buckets: tuple[float, ...] = ()


BOOKING_EVENTS, INVENTORY_EVENTS, PAYMENT_EVENTS = "booking-events", "inventory-events", "payment-events"
SOURCES = (BOOKING_EVENTS, INVENTORY_EVENTS, PAYMENT_EVENTS)

_BOOKING_TYPES = ("PENDING", "CONFIRMED", "CANCELLED")
_INVENTORY_TYPES = (
    "SALE", "RETURN", "RECEIPT", "TRANSFER_OUT", "TRANSFER_IN", "ADJUSTMENT", "COUNT",
    "ALLOTMENT", "STOP_SELL", "OPEN_SELL",
)  # fmt: skip
_PAYMENT_TYPES = ("AUTHORIZED", "COMPLETED", "FAILED", "REFUNDED")
_GROUPS = ("inventory", "bookings", "payments")
_TABLES = ("stock", "availability", "bookings", "payments")
_ROLES = ("active", "standby", "restoring")
_IGNORED = (
    (INVENTORY_EVENTS, "stale-count"),
    (INVENTORY_EVENTS, "stale-allotment"),
    (BOOKING_EVENTS, "late-state"),
    (BOOKING_EVENTS, "final-state"),
    (BOOKING_EVENTS, "not-an-amendment"),
    (PAYMENT_EVENTS, "lower-rank"),
)
_POISON = ("not-avro-or-json", "unknown-schema", "does-not-fit-schema", "key-mismatch", "invalid-value", "kills-worker")
_DEAD = (*((topic, reason) for topic in SOURCES for reason in _POISON), (PAYMENT_EVENTS, "unmatched-refund"))

_LATENCY_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
_COMMIT_BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_PAUSE_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

_C, _G, _H = Kind.COUNTER, Kind.GAUGE, Kind.HISTOGRAM


def _each(*values: str) -> tuple[tuple[str, ...], ...]:
    return tuple((value,) for value in values)


LAG_MAX = Metric("kafka_consumer_lag_max", _G, "Most records behind, of the partitions this worker is active for.")
LAG = Metric("kafka_consumer_lag", _G, "Records behind the end of the log, as committed.", ("topic", "partition"))
CONSUMED = Metric(
    "kafka_consumer_records_consumed_total", _C, "Records read and committed.", ("topic",), _each(*SOURCES)
)
CONSUMED_RATE = Metric("kafka_consumer_records_consumed_rate", _G, "Records consumed a second, over 30 s.")
BATCH_SIZE = Metric("kafka_producer_batch_size_avg", _G, "Mean bytes of a produced record batch, over 30 s.")
SEND_RATE = Metric("kafka_producer_record_send_rate", _G, "Records sent a second, over 30 s.")
SENT = Metric("kafka_producer_record_send_total", _C, "Records sent and acknowledged, changelogs included.")
SEND_ERRORS = Metric("kafka_producer_record_error_total", _C, "Records whose sending failed.")
BOOKINGS = Metric(
    "booking_events_processed_total", _C, "Booking events applied, by status.", ("type",), _each(*_BOOKING_TYPES)
)
INVENTORY = Metric(
    "inventory_events_processed_total", _C, "Inventory events applied, by type.", ("type",), _each(*_INVENTORY_TYPES)
)
PAYMENTS = Metric(
    "payment_events_processed_total", _C, "Payment events applied, by status.", ("type",), _each(*_PAYMENT_TYPES)
)
DUPLICATES = Metric("stayshelf_duplicates_total", _C, "Events not applied again.", ("topic",), _each(*SOURCES))
IGNORED = Metric("stayshelf_ignored_total", _C, "Events that changed nothing, by rule.", ("topic", "reason"), _IGNORED)
DEAD_LETTERS = Metric("stayshelf_dead_letters_total", _C, "Records sent to a -dlt topic.", ("topic", "reason"), _DEAD)
RETRIES = Metric("stayshelf_retries_total", _C, "Records sent to a retry topic.", ("topic",), _each(*SOURCES))
LATE_DROPPED = Metric(
    "stayshelf_late_dropped_total",
    _C,
    "Events too late for a pane size of a window; tables have them.",
    ("window",),
    _each("sales", "bookings", "payments"),
)
NEGATIVE_STOCK = Metric("stayshelf_negative_stock_rows", _G, "Stock rows below zero, of active partitions here.")
OVERBOOKED = Metric("stayshelf_overbooked_nights", _G, "Nights sold beyond capacity, of active partitions here.")
EVENT_LATENCY = Metric(
    "stayshelf_event_latency_seconds",
    _H,
    "From a record's timestamp to committed and queryable; records over 1 h old are left out.",
    buckets=_LATENCY_BUCKETS,
)
COMMIT = Metric("stayshelf_commit_seconds", _H, "A commit, from first send to rows on disk.", buckets=_COMMIT_BUCKETS)
RESTORE_REMAINING = Metric(
    "stayshelf_restore_remaining_records",
    _G,
    "Changelog records not yet restored of partitions assigned here; tables of one changelog share the number.",
    ("table",),
    _each(*_TABLES),
)
STANDBY_LAG = Metric(
    "stayshelf_standby_lag_records",
    _G,
    "Changelog records standby copies here are behind; tables of one changelog share the number.",
    ("table",),
    _each(*_TABLES),
)
REBALANCE_PAUSE = Metric(
    "stayshelf_rebalance_pause_seconds",
    _H,
    "How long a rebalance kept this worker from its partitions.",
    buckets=_PAUSE_BUCKETS,
)
STORES_SET_ASIDE = Metric(
    "stayshelf_stores_set_aside_total",
    _C,
    "State directories that could not be trusted; each is rebuilt from its changelog.",
    ("group",),
    _each("inventory", "bookings", "payments"),
)
HALTED = Metric("stayshelf_halted_partitions", _G, "Partitions that stand still because the disk takes nothing more.")

STABLE_LAG = Metric(
    "stayshelf_stable_lag_records", _G, "Records behind the last stable offset, as committed.", ("topic", "partition")
)
STABLE_AGE = Metric(
    "stayshelf_stable_offset_age_seconds",
    _G,
    "How long an open transaction has kept a partition's last stable offset where it is; 0 where none does.",
    ("topic", "partition"),
)
STOPPED = Metric(
    "stayshelf_partition_stopped",
    _G,
    "1 while a source partition stands still and is tried again. registry: a schema can't be had; refused: what it"
    " sends is not taken.",
    ("topic", "partition", "reason"),
)
PARTITIONS = Metric(
    "stayshelf_partitions", _G, "Partitions assigned here: active and standby ones, and those that restore.",
    ("group", "role"), tuple((group, role) for group in _GROUPS for role in _ROLES),
)  # fmt: skip
WITHOUT_STANDBY = Metric(
    "stayshelf_partitions_without_standby", _G, "Partitions active here of which fewer copies exist than STANDBYS says."
)
ROCKSDB_DISK = Metric("stayshelf_rocksdb_disk_bytes", _G, "Bytes of RocksDB's files.", ("group",), _each(*_GROUPS))
ROCKSDB_MEMORY = Metric(
    "stayshelf_rocksdb_memory_bytes",
    _G,
    "Bytes of memtables, indexes and filters; the shared block cache is not in it.",
    ("group",),
    _each(*_GROUPS),
)
IN_TOUCH = Metric("stayshelf_in_touch", _G, "1 while the group has answered within a session timeout, else 0.")
REGISTRY_UP = Metric("stayshelf_schema_registry_up", _G, "1 while the schema registry answers, else 0.")
SCHEMAS_AWAITED = Metric("stayshelf_schemas_awaited", _G, "Schemas asked for that partitions wait for.")
HTTP = Metric(
    "stayshelf_http_requests_total", _C, "Requests for /v1 answered, by class of status.", ("status",),
    _each("2xx", "4xx", "5xx"),
)  # fmt: skip

#: Which counter an applied event of a source topic adds to.
PROCESSED = {BOOKING_EVENTS: BOOKINGS, INVENTORY_EVENTS: INVENTORY, PAYMENT_EVENTS: PAYMENTS}

CATALOGUE = (
    LAG_MAX, LAG, CONSUMED, CONSUMED_RATE, BATCH_SIZE, SEND_RATE, SENT, SEND_ERRORS, BOOKINGS, INVENTORY, PAYMENTS,
    DUPLICATES, IGNORED, DEAD_LETTERS, RETRIES, LATE_DROPPED, NEGATIVE_STOCK, OVERBOOKED, EVENT_LATENCY, COMMIT,
    RESTORE_REMAINING, STANDBY_LAG, REBALANCE_PAUSE, STABLE_LAG, STABLE_AGE, STOPPED, PARTITIONS, WITHOUT_STANDBY,
    ROCKSDB_DISK, ROCKSDB_MEMORY, IN_TOUCH, REGISTRY_UP, SCHEMAS_AWAITED, HTTP,
    STORES_SET_ASIDE, HALTED,
)  # fmt: skip
