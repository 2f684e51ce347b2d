"""The HTTP answers of the contract's section 4, as one pass over the log gives them; without `asOf`."""

import datetime
import re
from dataclasses import asdict
from typing import Any

from app.simulator.reference.hotels import Night
from app.simulator.reference.model import PARTITIONS, Reference
from app.simulator.reference.murmur2 import partition_of
from app.simulator.reference.payments import Completed, Payment
from app.simulator.reference.stock import Stock
from app.simulator.reference.windows import Question, ask

EPOCH = datetime.date(1970, 1, 1)
Answer = dict[str, Any]


def date(days: int) -> str:
    """Days since 1970 as YYYY-MM-DD."""
    return (EPOCH + datetime.timedelta(days=days)).isoformat()


def under_contract_names(row: Stock | Completed) -> Answer:
    """A row's fields, snake_case turned into the contract's camelCase."""
    fields = row._asdict() if isinstance(row, Completed) else asdict(row)
    return {re.sub("_([a-z])", lambda found: found[1].upper(), name): value for name, value in fields.items()}


class Answers:
    """What every worker must answer once it has everything `model` was fed; None for 404. Made once, then asked."""

    def __init__(self, model: Reference) -> None:
        self._model = model
        self._stores: dict[str, dict[str, Answer]] = {}
        self._items: dict[str, list[Answer]] = {}
        self._low: list[Answer] = []
        self._hotels: dict[str, list[tuple[int, str, Answer]]] = {}
        self._bookings: dict[str, list[Answer]] = {}
        self._panes = {kind: windows.kept() for kind, windows in model.windows.items()}
        for (partition, store, item), row in sorted(model.stock.items()):
            on_hand = {"storeId": store, "onHand": row.on_hand}
            self._items.setdefault(item, []).append(on_hand)
            self._low.append({"storeId": store, "itemId": item, "onHand": row.on_hand})
            if partition == self._home(store):
                self._stores.setdefault(store, {})[item] = {"itemId": item, **under_contract_names(row)}
        for (partition, hotel, night, room_type), row_of_night in sorted(model.nights.items()):
            if partition == self._home(hotel):
                self._hotels.setdefault(hotel, []).append((night, room_type, _night(night, room_type, row_of_night)))
        for _partition, booking_id in model.bookings:
            self._bookings.setdefault(booking_id, []).append(self._booking(_partition, booking_id))

    def _home(self, location: str) -> int:
        return partition_of(location.encode(), PARTITIONS["inventory-events"])

    def store_ids(self) -> list[str]:
        """Every store with a row."""
        return sorted(self._stores)

    def item_ids(self) -> list[str]:
        """Every item with a row in some store."""
        return sorted(self._items)

    def hotel_ids(self) -> list[str]:
        """Every hotel with a night."""
        return sorted(self._hotels)

    def booking_ids(self) -> list[str]:
        """Every booking."""
        return sorted(self._bookings)

    def payment_ids(self) -> list[str]:
        """Every payment that GET can find."""
        count = PARTITIONS["payment-events"]
        return sorted(id_ for partition, id_ in self._model.payments if partition == partition_of(id_.encode(), count))

    def store_stock(self, store: str) -> list[Answer]:
        """All rows of /v1/stores/{id}/stock, by itemId."""
        return [row for _item, row in sorted(self._stores.get(store, {}).items())]

    def stock(self, store: str, item: str) -> Answer | None:
        """/v1/stores/{id}/stock/{itemId}."""
        return self._stores.get(store, {}).get(item)

    def item_stock(self, item: str) -> Answer:
        """/v1/items/{itemId}/stock; stores by id."""
        stores = sorted(self._items.get(item, []), key=lambda store: str(store["storeId"]))
        return {"itemId": item, "total": sum(store["onHand"] for store in stores), "stores": stores}

    def low_stock(self, threshold: int) -> list[Answer]:
        """All items of /v1/low-stock, lowest first, then by store and item."""
        low = [row for row in self._low if row["onHand"] <= threshold]
        return sorted(low, key=lambda row: (row["onHand"], row["storeId"], row["itemId"]))

    def availability(self, hotel: str, *, first: int, end: int, room_type: str | None = None) -> list[Answer]:
        """Nights of /v1/hotels/{id}/availability in [first, end), days since 1970; by date, then room type."""
        nights = self._hotels.get(hotel, [])
        return [row for night, type_, row in nights if first <= night < end and room_type in (None, type_)]

    def night_range(self, hotel: str) -> tuple[int, int]:
        """First night with state, and the day after the last one."""
        nights = [night for night, _type, _row in self._hotels[hotel]]
        return min(nights), max(nights) + 1

    def overbooked(self, first: int, end: int) -> list[Answer]:
        """All nights of /v1/overbooked in [first, end), by date, hotel and room type."""
        found = [
            (night, hotel, type_, {"hotelId": hotel, **row})
            for hotel, nights in self._hotels.items()
            for night, type_, row in nights
            if row["overbooked"] and first <= night < end
        ]
        return [row for *_order, row in sorted(found, key=lambda each: each[:3])]

    def bookings(self, booking_id: str) -> list[Answer]:
        """What /v1/bookings/{bookingId} may answer: the newest by updatedAt, all of them on a tie."""
        found = self._bookings.get(booking_id, [])
        newest = max((answer["updatedAt"] for answer in found), default=None)
        return [answer for answer in found if answer["updatedAt"] == newest]

    def payment(self, payment_id: str) -> Answer | None:
        """/v1/payments/{paymentId}."""
        row = self._model.payments.get(self._payment_key(payment_id))
        return None if row is None else _payment(payment_id, row)

    def payments(self, payment_id: str) -> list[Answer]:
        """All that /v1/payments/{paymentId} may answer, depending on when waiting refunds were tried again."""
        found, key = self.payment(payment_id), self._payment_key(payment_id)
        others = [_payment(payment_id, row) for row in self._model.alternatives.get(key, ())]
        return others if found is None else [found, *others]

    def _payment_key(self, payment_id: str) -> tuple[int, str]:
        return partition_of(payment_id.encode(), PARTITIONS["payment-events"]), payment_id

    def windows(self, question: Question) -> list[Answer]:
        """All windows of /v1/windows/{kind}."""
        return ask(self._panes[question.kind], question)

    def window_keys(self, kind: str) -> list[str]:
        """Every store, region or currency of a kind that is in a pane."""
        return sorted({key for panes in self._panes[kind].values() for pane in panes for key in pane.keys})

    def window_times(self, kind: str) -> list[int]:
        """Starts of all panes of a kind."""
        return sorted({pane.start for panes in self._panes[kind].values() for pane in panes})

    def _booking(self, partition: int, booking_id: str) -> Answer:
        row = self._model.bookings[partition, booking_id]
        return {
            "bookingId": booking_id,
            "customerId": row.customer_id,
            "hotelId": row.hotel_id,
            "roomType": row.room_type,
            "rooms": row.rooms,
            "checkIn": date(row.check_in),
            "checkOut": date(row.check_out),
            "status": row.status,
            "totalAmount": row.total_amount,
            "currency": row.currency,
            "region": row.region,
            "updatedAt": row.updated_at,
        }


def _payment(payment_id: str, row: Payment) -> Answer:
    return {
        "paymentId": payment_id,
        "bookingId": row.booking_id,
        "status": row.status,
        "amountMinor": row.amount_minor,
        "currency": row.currency,
        "method": row.method,
        "updatedAt": row.updated_at,
    }


def _night(night: int, room_type: str, row: Night) -> Answer:
    return {
        "date": date(night),
        "roomType": room_type,
        "capacity": row.capacity,
        "sold": row.sold,
        "available": row.available,
        "overbooked": row.overbooked,
        "closed": row.closed,
    }
