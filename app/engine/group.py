"""Groups: what shares one partitioning. Partition p of a group's sources, tables and changelog is always with one
worker."""

from typing import NamedTuple


class Group(NamedTuple):
    """Co-partitioned sources whose events change the same tables; partition p of it is a task."""

    name: str
    partitions: int
    sources: tuple[str, ...]
    changelog: str


INVENTORY = Group("inventory", 24, ("inventory-events", "stayshelf-reservations"), "stayshelf-inventory-changelog")
BOOKINGS = Group("bookings", 12, ("booking-events",), "stayshelf-bookings-changelog")
PAYMENTS = Group("payments", 6, ("payment-events",), "stayshelf-payments-changelog")

GROUPS = (INVENTORY, BOOKINGS, PAYMENTS)

GROUP_OF_SOURCE = {source: group for group in GROUPS for source in group.sources}
GROUP_OF_CHANGELOG = {group.changelog: group for group in GROUPS}
GROUP_BY_NAME = {group.name: group for group in GROUPS}

#: Sources whose records are the application's own and are counted once by their producer's position, not by an
#: event id.
INTERNAL_SOURCES = frozenset({"stayshelf-reservations"})
