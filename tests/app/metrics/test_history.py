import numpy as np

from app.metrics.history import STEPS, History
from app.metrics.observer import Observer
from app.metrics.reading import Reading


def test_a_step_is_what_came_since_the_last() -> None:
    observer, history = Observer(), History()
    observer.consumed("booking-events", 100)
    history.add(10_000, Reading(observer.registry))
    assert not history.steps, "what was before the first reading belongs to no step"
    observer.consumed("booking-events", 5)
    observer.queryable(np.array([0]), 5)
    history.add(20_000, Reading(observer.registry))
    history.add(30_000, Reading(observer.registry))
    first, second = history.steps
    assert (first.at, first.consumed, sum(first.latency)) == (20_000, 5, 1)
    assert (second.at, second.consumed, second.latency) == (30_000, 0, [])


def test_an_hour_is_kept() -> None:
    history, reading = History(), Reading(Observer().registry)
    for step in range(STEPS + 10):
        history.add(step, reading)
    assert [history.steps[0].at, history.steps[-1].at] == [10, STEPS + 9]
