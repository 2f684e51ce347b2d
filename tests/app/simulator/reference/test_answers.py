from app.simulator.reference.answers import Answers, date
from app.simulator.reference.model import Reference
from app.simulator.reference.murmur2 import partition_of
from app.simulator.reference.record import LogRecord
from tests.app.simulator.reference.log import NOW, TODAY, allotment, booking, movement, payment

PARTITIONS = {"inventory-events": 24, "booking-events": 12, "payment-events": 6}


def answers(*records: LogRecord) -> Answers:
    model = Reference()
    for offset, record in enumerate(records):
        assert record.key is not None
        model.feed(record._replace(partition=partition_of(record.key, PARTITIONS[record.topic]), offset=offset))
    return Answers(model)


def test_stock() -> None:
    given = answers(
        movement(), movement(eventId="e2", locationId="S2", quantity=4), movement(eventId="e3", itemId="I0")
    )
    assert given.stock("S1", "I1") == {
        "itemId": "I1",
        "onHand": -1,
        "countedAt": None,
        "variance": None,
        "recount": False,
        "lastEventAt": NOW,
        "lastSoldAt": NOW,
        "sold": 1,
        "returned": 0,
        "received": 0,
        "transferredIn": 0,
        "transferredOut": 0,
        "adjusted": 0,
        "lateMovements": 0,
    }
    assert given.stock("S1", "I9") is None
    assert [row["itemId"] for row in given.store_stock("S1")] == ["I0", "I1"]
    assert given.store_stock("S9") == []
    stores = [{"storeId": "S1", "onHand": -1}, {"storeId": "S2", "onHand": -4}]
    assert given.item_stock("I1") == {"itemId": "I1", "total": -5, "stores": stores}
    assert [row["onHand"] for row in given.low_stock(-1)] == [-4, -1, -1]
    assert given.low_stock(-4) == [{"storeId": "S2", "itemId": "I1", "onHand": -4}]
    assert (given.store_ids(), given.item_ids()) == (["S1", "S2"], ["I0", "I1"])


def test_a_row_in_a_partition_that_is_not_its_key_s_is_seen_by_questions_about_all_only() -> None:
    model = Reference()
    model.feed(movement()._replace(partition=(partition_of(b"S1", 24) + 1) % 24))
    assert Answers(model).stock("S1", "I1") is None
    assert Answers(model).item_stock("I1")["total"] == -1


def test_availability() -> None:
    given = answers(
        allotment(quantity=1, stayFrom=date(TODAY + 10), stayTo=date(TODAY + 11)),
        booking(rooms=2),
    )
    first = {"date": date(TODAY + 10), "roomType": "STANDARD", "capacity": 1, "sold": 2, "available": 0}
    assert given.overbooked(TODAY, TODAY + 99) == [{"hotelId": "H1", **first, "overbooked": True, "closed": False}]
    assert given.night_range("H1") == (TODAY + 10, TODAY + 12)
    nights = given.availability("H1", first=TODAY + 11, end=TODAY + 12)
    assert [(night["capacity"], night["sold"], night["available"]) for night in nights] == [(None, 2, None)]
    assert given.availability("H1", first=TODAY, end=TODAY + 99, room_type="SUITE") == []
    assert given.hotel_ids() == ["H1"]


def test_bookings_and_payments() -> None:
    given = answers(booking(occurredAt=NOW - 1), payment())
    assert given.bookings("B1") == [
        {
            "bookingId": "B1",
            "customerId": "C1",
            "hotelId": "H1",
            "roomType": "STANDARD",
            "rooms": 1,
            "checkIn": date(TODAY + 10),
            "checkOut": date(TODAY + 12),
            "status": "CONFIRMED",
            "totalAmount": 120.5,
            "currency": "EUR",
            "region": "EU",
            "updatedAt": NOW - 1,
        }
    ]
    assert given.payment("P1") == {
        "paymentId": "P1",
        "bookingId": "B1",
        "status": "AUTHORIZED",
        "amountMinor": 12_050,
        "currency": "EUR",
        "method": "CARD",
        "updatedAt": NOW,
    }
    assert (given.bookings("B9"), given.payment("P9")) == ([], None)
    assert (given.booking_ids(), given.payment_ids()) == (["B1"], ["P1"])


def test_of_a_booking_in_two_partitions_the_newest_answers() -> None:
    model = Reference()
    model.feed(booking()._replace(partition=0))
    model.feed(booking(occurredAt=NOW - 5)._replace(partition=1))
    assert [answer["updatedAt"] for answer in Answers(model).bookings("B1")] == [NOW]
