"""Store movements as stores make them: many sales, deliveries, transfers between stores, counts now and then."""

from collections import deque
from random import Random

from app.simulator.encoding import Event

STORES = 40
ITEMS = 300
MOVEMENTS = ("SALE", "RECEIPT", "RETURN", "COUNT", "ADJUSTMENT", "TRANSFER_OUT")
WEIGHTS = (76, 8, 5, 4, 3, 4)
SOURCES = ("till", "scanner", "back-office", None)


class Stores:
    """All stores of a scenario; every event is drawn from `rng`."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._on_hand: dict[tuple[int, int], int] = {}
        self._arriving: deque[tuple[int, int, int]] = deque()

    def next(self, event_id: str, at: int) -> Event:
        """The next movement or count, at epoch milliseconds `at`."""
        if self._arriving and self._rng.random() < 0.5:
            store, item, quantity = self._arriving.popleft()
            return self._event(event_id, at, (store, item), "TRANSFER_IN", quantity)
        # Few items make most of the sales, as in any shop.
        store, item = self._rng.randrange(STORES), int(ITEMS * self._rng.random() ** 3)
        if (store, item) not in self._on_hand:
            return self._event(event_id, at, (store, item), "COUNT", self._rng.randrange(5, 120))
        event_type = self._rng.choices(MOVEMENTS, WEIGHTS)[0]
        return self._event(event_id, at, (store, item), event_type, self._quantity(event_type, (store, item)))

    def _quantity(self, event_type: str, row: tuple[int, int]) -> int:
        if event_type == "RECEIPT":
            return 12 * self._rng.randrange(1, 9)
        if event_type == "COUNT":
            return max(self._on_hand[row] + self._rng.choice((0, 0, 0, -1, -2, 1)), 0)
        if event_type == "ADJUSTMENT":
            return self._rng.choice((-3, -2, -1, -1, 1, 2))
        quantity = 1 + int(4 * self._rng.random() ** 3)
        if event_type == "TRANSFER_OUT":
            self._arriving.append((self._rng.randrange(STORES), row[1], quantity))
        return quantity

    def _event(self, event_id: str, at: int, row: tuple[int, int], event_type: str, quantity: int) -> Event:
        before = self._on_hand.get(row, 0)
        if event_type == "COUNT":
            self._on_hand[row] = quantity
        else:
            self._on_hand[row] = before + (-quantity if event_type in ("SALE", "TRANSFER_OUT") else quantity)
        return {
            "eventId": event_id,
            "locationType": "STORE",
            "locationId": f"store-{row[0]:03}",
            "itemId": f"sku-{row[1]:05}",
            "eventType": event_type,
            "quantity": quantity,
            "occurredAt": at,
            "source": self._rng.choice(SOURCES),
        }
