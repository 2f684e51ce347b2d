"""Rules 2 and 3: one row for each store and item."""

from dataclasses import dataclass
from typing import Any

SUBTRACTING = ("SALE", "TRANSFER_OUT")
TOTAL = {
    "SALE": "sold",
    "RETURN": "returned",
    "RECEIPT": "received",
    "TRANSFER_IN": "transferred_in",
    "TRANSFER_OUT": "transferred_out",
    "ADJUSTMENT": "adjusted",
}


@dataclass(slots=True)
class Stock:
    """A row of stock; times in epoch milliseconds."""

    on_hand: int = 0
    counted_at: int | None = None
    variance: int | None = None
    recount: bool = False
    last_event_at: int | None = None
    last_sold_at: int | None = None
    sold: int = 0
    returned: int = 0
    received: int = 0
    transferred_in: int = 0
    transferred_out: int = 0
    adjusted: int = 0
    late_movements: int = 0

    def apply(self, event: dict[str, Any]) -> str | None:
        """Apply one STORE event; the reason where it is ignored."""
        at = event["occurredAt"]
        if event["eventType"] == "COUNT":
            if self.counted_at is not None and at < self.counted_at:
                return "stale-count"
            self._count(event["quantity"], at)
        else:
            self._move(event["eventType"], event["quantity"], at)
        self.last_event_at = at if self.last_event_at is None else max(self.last_event_at, at)
        return None

    def _count(self, quantity: int, at: int) -> None:
        self.recount = self.last_event_at is not None and at < self.last_event_at
        self.variance = quantity - self.on_hand
        self.on_hand = quantity
        self.counted_at = at

    def _move(self, event_type: str, quantity: int, at: int) -> None:
        total = TOTAL[event_type]
        setattr(self, total, getattr(self, total) + quantity)
        if self.counted_at is not None and at <= self.counted_at:
            self.late_movements += 1
        else:
            self.on_hand += -quantity if event_type in SUBTRACTING else quantity
        if event_type == "SALE":
            self.last_sold_at = at if self.last_sold_at is None else max(self.last_sold_at, at)
