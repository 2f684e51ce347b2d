"""The last hour of one worker, in steps of ten seconds: bounded, whoever looks at it or not."""

from collections import deque
from typing import NamedTuple

from app.metrics.catalogue import CONSUMED, EVENT_LATENCY
from app.metrics.reading import Reading

STEP_SECONDS = 10
STEPS = 360


class Step(NamedTuple):
    """What happened in the step that ended at a time (epoch ms, a multiple of the step)."""

    at: int
    consumed: int
    latency: list[int]


class History:
    """Steps, oldest first; what lies before the first reading is not counted."""

    def __init__(self) -> None:
        self.steps: deque[Step] = deque(maxlen=STEPS)
        self._consumed = 0
        self._latency: list[int] = []

    def add(self, at: int, reading: Reading) -> None:
        """Close a step at a time in epoch ms with what the metrics stand at."""
        consumed, latency = reading.total(CONSUMED), reading.counts(EVENT_LATENCY)
        if self._latency:
            new = [now - before for now, before in zip(latency, self._latency, strict=True)]
            self.steps.append(Step(at, consumed - self._consumed, new if any(new) else []))
        self._consumed, self._latency = consumed, latency
