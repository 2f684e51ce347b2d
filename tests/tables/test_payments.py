from app.engine.group import PAYMENTS
from tables.payments import payments


def test_a_payment_is_found_by_its_id() -> None:
    assert payments.parts(payments.key("P-1")) == ("P-1",)
    assert payments.group == PAYMENTS.name


def test_its_row_lives_where_its_id_belongs() -> None:
    assert {payments.partition(f"P-{n}") for n in range(100)} == set(range(PAYMENTS.partitions))
