from app.simulator.verification.comparing import compare


def test_equal_rows_differ_in_nothing() -> None:
    assert compare({"a": 1}, {"a": 1}) == ""
    assert compare(None, None) == ""


def test_differences_name_field_and_values_but_no_customer() -> None:
    assert compare({"a": 1, "b": 2}, {"a": 1, "b": 3}) == "b: expected 2, found 3"
    assert compare({"customer_id": "x"}, {"customer_id": "y"}) == "customer_id: expected another one"


def test_rows_that_are_not_there() -> None:
    assert compare(None, {"a": 1}) == "no row expected"
    assert compare({"a": 1}, None) == "no row found"
