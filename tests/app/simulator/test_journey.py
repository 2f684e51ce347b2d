from collections import Counter

from app.simulator.journey import movements


def test_sales_go_out_as_they_are_with_deliveries_returns_and_counts_between_them() -> None:
    sales = [("1", "A", number % 3, 1_000_000_000_000 + number) for number in range(100)]
    happenings = list(movements(sales))
    sold = [each for each in happenings if each.event["eventType"] == "SALE"]
    assert [(each.event["quantity"], each.at) for each in sold] == [(sale[2], sale[3]) for sale in sales]
    types = Counter(each.event["eventType"] for each in happenings)
    assert types == {"SALE": 100, "RECEIPT": 20, "COUNT": 9, "RETURN": 5}
    assert {each.key for each in happenings} == {b"store-1"}
    assert len({each.event["eventId"] for each in happenings}) == len(happenings)
