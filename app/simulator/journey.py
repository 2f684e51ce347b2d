"""Real sales of grocery stores as store movements, with the deliveries, returns and counts that tills don't see."""

from collections import Counter
from collections.abc import Iterable, Iterator

from app.simulator.encoding import INVENTORY, Event
from app.simulator.resort.happening import HOUR, Happening

Sale = tuple[str, str, int, int]  # store, product, quantity, epoch milliseconds
DELIVERED_EVERY, COUNTED_EVERY, RETURNED_EVERY = 5, 11, 17  # sales of one row


def movements(sales: Iterable[Sale]) -> Iterator[Happening]:
    """Every sale as a SALE, in the order given, and now and then what else happened to its row."""
    sold: Counter[tuple[str, str]] = Counter()
    for number, (store, product, quantity, at) in enumerate(sales, 1):
        row = (store, product)
        sold[row] += 1
        yield _happening(f"journey-{number}", row, ("SALE", quantity), at)._replace(number=number)
        if sold[row] % DELIVERED_EVERY == 0:
            yield _happening(f"journey-{number}-d", row, ("RECEIPT", 12), at + HOUR)
        if sold[row] % COUNTED_EVERY == 0:
            yield _happening(f"journey-{number}-c", row, ("COUNT", number % 30), at - HOUR)
        if sold[row] % RETURNED_EVERY == 0:
            yield _happening(f"journey-{number}-r", row, ("RETURN", 1), at - 2 * HOUR)


def _happening(event_id: str, row: tuple[str, str], change: tuple[str, int], at: int) -> Happening:
    event: Event = {
        "eventId": event_id,
        "locationType": "STORE",
        "locationId": f"store-{row[0]}",
        "itemId": row[1],
        "eventType": change[0],
        "quantity": change[1],
        "occurredAt": at,
        "source": "till" if change[0] == "SALE" else None,
    }
    return Happening(at, INVENTORY, event)
