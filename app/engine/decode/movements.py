"""Store events of a list of records, in columns: most lists of inventory-events hold nothing else."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, overload

import numpy as np

from app.domain.measures import Sales
from app.engine.decode.cursor import Ints
from schemas.inventory import InventoryEvent


class Columns(NamedTuple):
    """Ids in ASCII; kinds are event types, times occurredAt and timestamps the records' own, both epoch ms."""

    ids: list[bytes]
    stores: list[bytes]
    items: list[bytes]
    kinds: list[str]
    quantities: Ints
    times: Ints
    timestamps: Ints


class Movements(Sequence[InventoryEvent]):
    """Movements and counts of stores. Whoever wants them one by one gets InventoryEvents, made when first asked for."""

    def __init__(self, columns: Columns, make: Callable[[], list[InventoryEvent]]) -> None:
        self.columns = columns
        self._make = make
        self._made: list[InventoryEvent] | None = None

    @property
    def _events(self) -> list[InventoryEvent]:
        if self._made is None:
            self._made = self._make()
        return self._made

    def __len__(self) -> int:
        return len(self.columns.kinds)

    @overload
    def __getitem__(self, index: int) -> InventoryEvent: ...
    @overload
    def __getitem__(self, index: slice) -> list[InventoryEvent]: ...
    def __getitem__(self, index: int | slice) -> InventoryEvent | list[InventoryEvent]:
        return self._events[index]

    def __iter__(self) -> Iterator[InventoryEvent]:
        return iter(self._events)

    def arguments(self) -> Iterator[tuple[str, int, int]]:
        """Kind, quantity and time of each: what decides about its row."""
        columns = self.columns
        return zip(columns.kinds, columns.quantities.tolist(), columns.times.tolist(), strict=True)

    def sales(self, ignored: Sequence[int]) -> Sales:
        """What windows take of them, without those at these indexes, which were ignored."""
        _, stores, _, kinds, quantities, times, _ = self.columns
        sales = Sales(stores, np.array(kinds, object), quantities, times)
        return sales.without(ignored) if ignored else sales
