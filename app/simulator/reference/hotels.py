"""Rule 5: one row for each hotel, night and room type."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Night:
    """Capacity (None: never allotted), rooms sold, and whether sales are stopped; times in epoch milliseconds."""

    capacity: int | None = None
    sold: int = 0
    closed: bool = False
    allotted_at: int | None = None
    closed_at: int | None = None

    def apply(self, event: dict[str, Any]) -> bool:
        """Apply one HOTEL event to this night; False where it is older than the night's last one of its kind."""
        at = event["occurredAt"]
        if event["eventType"] == "ALLOTMENT":
            if self.allotted_at is not None and at < self.allotted_at:
                return False
            self.capacity, self.allotted_at = event["quantity"], at
            return True
        if self.closed_at is not None and at < self.closed_at:
            return False
        self.closed, self.closed_at = event["eventType"] == "STOP_SELL", at
        return True

    @property
    def available(self) -> int | None:
        """Rooms still to be sold; None where the capacity is unknown."""
        if self.closed:
            return 0
        return None if self.capacity is None else max(self.capacity - self.sold, 0)

    @property
    def overbooked(self) -> bool:
        """More rooms sold than there are."""
        return self.capacity is not None and self.sold > self.capacity
