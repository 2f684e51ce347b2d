"""Groups: what shares one partitioning. Partition p of a group's sources, tables and changelog is always with one
worker."""

from typing import NamedTuple

from app.delivery.retries import DELAYS_MS, retry_topics


class Group(NamedTuple):
    """Co-partitioned sources whose events change the same tables; partition p of it is a task."""

    name: str
    partitions: int
    sources: tuple[str, ...]
    changelog: str


INVENTORY = Group("inventory", 24, ("inventory-events", "stayshelf-reservations"), "stayshelf-inventory-changelog")
BOOKINGS = Group("bookings", 12, ("booking-events",), "stayshelf-bookings-changelog")
PAYMENTS = Group("payments", 6, ("payment-events", *retry_topics("payment-events")), "stayshelf-payments-changelog")

GROUPS = (INVENTORY, BOOKINGS, PAYMENTS)


class Wait(NamedTuple):
    """What a retry topic is for: the source its records come from, and how long each of them waits."""

    source: str
    delay_ms: int


#: By retry topic, of those that are read: a source whose events are never tried again has none among its group's.
RETRIES = {
    topic: Wait(source, delay_ms)
    for group in GROUPS
    for source in group.sources
    for topic, delay_ms in zip(retry_topics(source), DELAYS_MS, strict=True)
    if topic in group.sources
}

GROUP_OF_SOURCE = {source: group for group in GROUPS for source in group.sources}
GROUP_OF_CHANGELOG = {group.changelog: group for group in GROUPS}
GROUP_BY_NAME = {group.name: group for group in GROUPS}

#: Sources whose records are the application's own and are counted once by their producer's position, not by an
#: event id.
INTERNAL_SOURCES = frozenset({"stayshelf-reservations"})
