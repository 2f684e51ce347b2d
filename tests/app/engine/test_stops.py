import logging

import pytest
from faust.types import TP

from app.engine import stops as module
from app.engine.stops import REGISTRY, Stops

TP3 = TP("payment-events", 3)
OTHER = TP("payment-events", 4)


class Clock:
    """Monotonic seconds as the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 50.0
        monkeypatch.setattr(module, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def stops() -> Stops:
    return Stops(logging.getLogger("stops"))


def test_the_wait_grows_to_its_bound_and_starts_over(stops: Stops, clock: Clock) -> None:
    waits = [stops.again(TP3, REGISTRY) for _ in range(8)]
    assert waits == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
    assert stops.again(OTHER, REGISTRY) == 0.05
    stops.over(TP3, REGISTRY)
    assert stops.again(TP3, REGISTRY) == 0.05
    assert max(stops.again(TP3, REGISTRY) for _ in range(5_000)) == 2.0


def test_a_moment_is_no_news_and_a_stop_is_told_once(
    stops: Stops, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    stops.again(TP3, REGISTRY)
    clock.now += 0.9
    stops.again(TP3, REGISTRY)
    assert stops.shown() == {}
    stops.over(TP3, REGISTRY)
    assert caplog.messages == []
    for _ in range(3):
        stops.again(TP3, REGISTRY)
        clock.now += 1
    assert stops.shown() == {("payment-events", 3, "registry"): 1}
    stops.over(TP3, REGISTRY)
    stops.over(TP3, REGISTRY)
    assert stops.shown() == {}
    assert caplog.messages == [
        "payment-events-3 stands still: a schema it needs can't be had from the registry; it is tried again",
        "payment-events-3 goes on after 3.0 s (registry)",
    ]


def test_partitions_that_move_are_forgotten(stops: Stops, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        stops.again(TP3, REGISTRY)
        clock.now += 5
    stops.clear()
    assert stops.shown() == {}
    assert len(caplog.messages) == 1


def test_partitions_that_stay_are_remembered(stops: Stops, clock: Clock) -> None:
    for tp in (TP3, OTHER):
        for _ in range(2):
            stops.again(tp, REGISTRY)
            clock.now += 5
    both = stops.shown()
    stops.keep({TP3})
    one = stops.shown()
    stops.keep(set())
    assert both != one != stops.shown() == {}
