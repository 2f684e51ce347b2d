"""Readings of an idle worker, for tests that need some."""

from typing import Any

from app.engine.readings import Readings


def readings(**changed: Any) -> Readings:
    """Nothing held, nothing wrong, but for what is changed."""
    empty: dict[str, Any] = {name: {} for name in Readings._fields}
    numbers = dict.fromkeys(("without_standby", "negative_stock_rows", "overbooked_nights", "schemas_awaited"), 0)
    return Readings(**{**empty, **numbers, "in_touch": True, "registry_up": True, **changed})
