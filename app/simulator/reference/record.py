"""One record of the log, as the broker keeps it."""

from typing import NamedTuple


class LogRecord(NamedTuple):
    """A record and its coordinates; timestamp in epoch milliseconds, as the broker shows it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class DeadLetter(NamedTuple):
    """What must stand in the dead letter topic for `record`: its reason and the number of attempts."""

    record: LogRecord
    reason: str
    attempts: int
