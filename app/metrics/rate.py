"""Amounts over the last half minute, for the gauges Kafka's clients call rates and averages."""

import time
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 30


class Recent:
    """What was added in the last WINDOW_SECONDS; the clock, in seconds, is an argument so that tests can move it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seconds: deque[list[float]] = deque()

    def add(self, amount: float) -> None:
        """Count an amount now."""
        second = int(self._clock())
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1][1] += amount
        else:
            self._seconds.append([second, amount])
            self._forget(second)

    def total(self) -> float:
        """The sum over the window."""
        self._forget(int(self._clock()))
        return sum(amount for _, amount in self._seconds)

    def per_second(self) -> float:
        """The sum divided by the window's length."""
        return self.total() / WINDOW_SECONDS

    def _forget(self, second: int) -> None:
        while self._seconds and self._seconds[0][0] <= second - WINDOW_SECONDS:
            self._seconds.popleft()
