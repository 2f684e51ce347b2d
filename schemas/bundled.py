"""The Avro schemas the program ships, by their registry id."""

import json
from pathlib import Path
from typing import Any

BOOKING_EVENT_V1 = 1
BOOKING_EVENT_V2 = 2
INVENTORY_EVENT = 3
PAYMENT_EVENT = 4
PAYMENT_COMPLETED = 5

FILES = {
    BOOKING_EVENT_V1: "booking_event_v1.avsc",
    BOOKING_EVENT_V2: "booking_event_v2.avsc",
    INVENTORY_EVENT: "inventory_event.avsc",
    PAYMENT_EVENT: "payment_event.avsc",
    PAYMENT_COMPLETED: "payment_completed.avsc",
}

#: The schemas of each topic's values by subject, as registries name them; the oldest first, ours the newest.
SUBJECTS = {
    "booking-events-value": (BOOKING_EVENT_V1, BOOKING_EVENT_V2),
    "inventory-events-value": (INVENTORY_EVENT,),
    "payment-events-value": (PAYMENT_EVENT,),
    "payment-completed-value": (PAYMENT_COMPLETED,),
}
#: The subjects we write ourselves.
OUTPUTS = {"payment-completed-value": PAYMENT_COMPLETED}

_FOLDER = Path(__file__).parent / "avro"

BUNDLED: dict[int, dict[str, Any]] = {
    schema_id: json.loads((_FOLDER / name).read_text("utf-8")) for schema_id, name in FILES.items()
}


def schema_text(schema_id: int) -> str:
    """The schema as compact JSON text; KeyError where the id is not one of the bundled."""
    return json.dumps(BUNDLED[schema_id], separators=(",", ":"))
