"""Encoded rows kept in memory over all tasks of a worker, within a fixed number of rows."""

from typing import Any


class RowCache:
    """Per task a dict of key -> encoded row. Above rows_max rows the largest dict is emptied.

    A dropped row is only read from disk again: a cache that is emptied now and then costs less than one that keeps
    order.
    """

    def __init__(self, rows_max: int) -> None:
        self.rows_max = rows_max
        self._rows: dict[Any, dict[bytes, bytes]] = {}

    def of(self, owner: Any) -> dict[bytes, bytes]:
        """The rows of one task."""
        return self._rows.setdefault(owner, {})

    def forget(self, owner: Any) -> None:
        """Drop the rows of one task."""
        self._rows.pop(owner, None)

    def trim(self) -> None:
        """Empty the largest dict while there are too many rows."""
        while sum(map(len, self._rows.values())) > self.rows_max:
            max(self._rows.values(), key=len).clear()
