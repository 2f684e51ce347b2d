from tests.app.simulator.reference.log import movement


def test_a_record_starts_with_its_coordinates() -> None:
    assert movement()._replace(partition=3, offset=9)[:3] == ("inventory-events", 3, 9)
