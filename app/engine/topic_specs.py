"""Every topic of the program as data: what is created, what is checked, who writes it."""

from typing import NamedTuple

DAY_MS = 86_400_000
KAFKA_MESSAGE_BYTES = 1_048_588  # the broker's own default for max.message.bytes
# A value of up to 64 MiB must fit a dead letter, and what is made of one its changelog or output, even if snappy can't
# shrink it; Kafka takes no request over 100 MiB.
LARGE_MESSAGE_BYTES = 100 * 1024 * 1024

RESERVATIONS = "stayshelf-reservations"
DEAD_LETTER_MARKS = "stayshelf-dead-letter-marks"
PAYMENT_COMPLETED = "payment-completed"


class TopicSpec(NamedTuple):
    """One topic; retention_ms None: kept for ever (compacted)."""

    name: str
    partitions: int
    retention_ms: int | None
    cleanup: str
    writer: str
    help: str
    max_message_bytes: int = KAFKA_MESSAGE_BYTES

    def configs(self, min_insync_replicas: int) -> dict[str, str]:
        """The topic's configuration under Kafka's names; max.message.bytes only where it is not the default."""
        configs = {"cleanup.policy": self.cleanup, "min.insync.replicas": str(min_insync_replicas)}
        if self.retention_ms is not None:
            configs["retention.ms"] = str(self.retention_ms)
        if self.max_message_bytes != KAFKA_MESSAGE_BYTES:
            configs["max.message.bytes"] = str(self.max_message_bytes)
        return configs


def _source(name: str, partitions: int, days: int, text: str) -> tuple[TopicSpec, ...]:
    retry = "what could not be decided yet"
    return (
        TopicSpec(name, partitions, days * DAY_MS, "delete", "producers outside", text),
        *(
            TopicSpec(
                f"{name}-retry-{n}", partitions, days * DAY_MS, "delete", "delivery", f"{retry}, waits {n} s",
                LARGE_MESSAGE_BYTES,
            )
            for n in (1, 2)
        ),
        TopicSpec(
            f"{name}-dlt", partitions, 90 * DAY_MS, "delete", "delivery", "dead letters, with the original bytes",
            LARGE_MESSAGE_BYTES,
        ),
    )  # fmt: skip


def _changelog(group: str, partitions: int) -> TopicSpec:
    name, text = f"stayshelf-{group}-changelog", f"rows, positions and seen ids of the {group} tables"
    return TopicSpec(name, partitions, None, "compact", "engine", text, LARGE_MESSAGE_BYTES)


SPECS: tuple[TopicSpec, ...] = (
    *_source("booking-events", 12, 30, "bookings, by customer and region"),
    *_source("inventory-events", 24, 7, "store movements and hotel allotments, by location"),
    *_source("payment-events", 6, 90, "payments, by payment"),
    TopicSpec(
        PAYMENT_COMPLETED, 6, 90 * DAY_MS, "delete", "agents/payments", "one record for each completed payment",
        LARGE_MESSAGE_BYTES,
    ),
    TopicSpec(RESERVATIONS, 24, 30 * DAY_MS, "delete", "agents/bookings", "rooms taken and released, by hotel"),
    _changelog("inventory", 24),
    _changelog("bookings", 12),
    _changelog("payments", 6),
    TopicSpec(DEAD_LETTER_MARKS, 1, None, "compact", "dead-letters", "which dead letters were replayed or discarded"),
)  # fmt: skip

PARTITIONS = {spec.name: spec.partitions for spec in SPECS}
