from app.metrics.rate import WINDOW_SECONDS, Recent


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_only_the_window_counts() -> None:
    clock = Clock()
    recent = Recent(clock)
    recent.add(60)
    clock.now += 10.5
    recent.add(30)
    assert recent.total() == 90
    assert recent.per_second() == 90 / WINDOW_SECONDS
    clock.now += WINDOW_SECONDS - 10
    assert recent.total() == 30
    clock.now += 10
    assert recent.total() == 0


def test_a_busy_second_takes_no_more_room_than_a_quiet_one() -> None:
    clock = Clock()
    recent = Recent(clock)
    for _ in range(WINDOW_SECONDS * 3):
        for _ in range(100):
            recent.add(1)
        clock.now += 1
    assert len(recent._seconds) <= WINDOW_SECONDS
    assert recent.total() == 100 * (WINDOW_SECONDS - 1)
