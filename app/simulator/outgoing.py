"""What a scenario or an event file hands to the publisher."""

from typing import NamedTuple


class Outgoing(NamedTuple):
    """One record to send; due in seconds after the first one, None for at once."""

    topic: str
    key: bytes | None
    value: bytes | None
    due: float | None = None
