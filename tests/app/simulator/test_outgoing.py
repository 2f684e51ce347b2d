from app.simulator.outgoing import Outgoing


def test_a_record_is_due_at_once_unless_it_says_otherwise() -> None:
    assert Outgoing("payment-events", b"k", None).due is None
