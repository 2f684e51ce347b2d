"""Rule 1: what was seen before, by partition and by record time."""

WINDOW = 24 * 3_600 * 1_000


class Duplicates:
    """The event ids of every partition, with the record time of the last record that carried each."""

    def __init__(self) -> None:
        self._clock: dict[tuple[str, int], int] = {}
        self._last: dict[tuple[str, int, str], int] = {}

    def time(self, topic: str, partition: int, timestamp: int) -> int:
        """The record's time: the highest timestamp of its partition so far, this one included."""
        at = max(timestamp, self._clock.get((topic, partition), timestamp))
        self._clock[topic, partition] = at
        return at

    def seen(self, topic: str, partition: int, event_id: str, at: int) -> bool:
        """Whether `event_id` is a duplicate at record time `at`; a duplicate counts as its last record from now on."""
        last = self._last.get((topic, partition, event_id))
        if not event_id or last is None or at - last > WINDOW:
            return False
        self.remember(topic, partition, event_id, at)
        return True

    def remember(self, topic: str, partition: int, event_id: str, at: int) -> None:
        """Applied or ignored at record time `at`. Without an id there is nothing to remember."""
        if event_id:
            self._last[topic, partition, event_id] = max(at, self._last.get((topic, partition, event_id), at))
