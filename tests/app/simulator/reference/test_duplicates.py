from app.simulator.reference.duplicates import WINDOW, Duplicates

TOPIC = "payment-events"


def test_time_is_the_highest_timestamp_of_the_partition_so_far() -> None:
    memory = Duplicates()
    assert [memory.time(TOPIC, 0, at) for at in (5, 3, 9)] == [5, 5, 9]
    assert memory.time(TOPIC, 1, 3) == 3


def test_an_id_is_a_duplicate_for_a_day_and_each_duplicate_prolongs_it() -> None:
    memory = Duplicates()
    assert not memory.seen(TOPIC, 0, "e", 0)
    memory.remember(TOPIC, 0, "e", 0)
    assert memory.seen(TOPIC, 0, "e", WINDOW)
    assert memory.seen(TOPIC, 0, "e", 2 * WINDOW)
    assert not memory.seen(TOPIC, 0, "e", 3 * WINDOW + 1)
    assert not memory.seen(TOPIC, 1, "e", 0)


def test_an_id_remembered_late_does_not_go_back_in_time() -> None:
    memory = Duplicates()
    memory.remember(TOPIC, 0, "e", WINDOW)
    memory.remember(TOPIC, 0, "e", 0)
    assert memory.seen(TOPIC, 0, "e", 2 * WINDOW)


def test_no_id_is_never_a_duplicate() -> None:
    memory = Duplicates()
    memory.remember(TOPIC, 0, "", 0)
    assert not memory.seen(TOPIC, 0, "", 0)
