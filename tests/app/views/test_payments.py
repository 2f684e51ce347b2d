from typing import Any

from app.domain.payments import Payment


async def test_a_payment_has_exactly_the_members_of_the_contract(three: Any) -> None:
    three.put_payment("p1", Payment("b1", "COMPLETED", 12_050, "EUR", "card", 1_000))
    for at in range(3):
        body = (await three.get("/v1/payments/p1", at)).json
        place = three.place("payments", "p1")
        assert body.pop("asOf") == [{"topic": "payment-events", "partition": place, "role": "active", "lag": 0}]
        assert body == {
            "paymentId": "p1", "bookingId": "b1", "status": "COMPLETED", "amountMinor": 12_050, "currency": "EUR",
            "method": "card", "updatedAt": 1_000,
        }  # fmt: skip


async def test_an_unknown_payment_is_404(one: Any) -> None:
    assert (await one.get("/v1/payments/p2")).problem["title"] == "Not Found"
