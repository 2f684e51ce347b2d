"""The topics that agents read, as Faust sees them; app.engine.topic_specs has every topic with its facts.

Keys and values stay bytes and acks stay off: a message of these topics is a whole unit (app.engine.transport).
"""

from typing import Any

from app.application import app
from app.engine.group import RETRIES
from app.engine.topic_specs import PARTITIONS, RESERVATIONS


def _source(name: str) -> Any:
    """A source, and its retry topics where its events may be tried again."""
    names = (name, *(topic for topic, wait in RETRIES.items() if wait.source == name))
    return app.topic(
        *names, key_serializer="raw", value_serializer="raw", partitions=PARTITIONS[name], acks=False, allow_empty=True
    )


booking_events = _source("booking-events")
inventory_events = _source("inventory-events")
payment_events = _source("payment-events")
reservations = _source(RESERVATIONS)
