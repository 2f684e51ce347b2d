"""Movements and counts of stores, allotments and closures of hotels: topic inventory-events."""

from typing import NamedTuple


class InventoryEvent(NamedTuple):
    """One event of a store or hotel; occurred_at in epoch ms, stay_from and stay_to (excluded) in epoch days."""

    event_id: str
    location_type: str
    location_id: str
    item_id: str
    event_type: str
    quantity: int
    occurred_at: int
    stay_from: int | None
    stay_to: int | None
    source: str | None
    metadata: str | None
