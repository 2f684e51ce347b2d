"""Store events of a list of records, in columns: most lists of inventory-events hold nothing else."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, overload

import numpy as np

from app.domain.measures import Sales
from app.engine.decode.cursor import Ints
from app.engine.decode.shape import parse
from schemas.bundled import BUNDLED, INVENTORY_EVENT
from schemas.inventory import InventoryEvent

#: Event types, as the schema numbers them.
KINDS = next(field.shape.symbols for field in parse(BUNDLED[INVENTORY_EVENT]).fields if field.name == "eventType")
_SALE, _RETURN, _COUNT = map(KINDS.index, ("SALE", "RETURN", "COUNT"))


class Columns(NamedTuple):
    """Ids in ASCII; codes are indexes of KINDS, times occurredAt and timestamps the records' own, both epoch ms."""

    ids: list[bytes]
    stores: list[bytes]
    items: list[bytes]
    codes: Ints
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
        return len(self.columns.ids)

    @overload
    def __getitem__(self, index: int) -> InventoryEvent: ...
    @overload
    def __getitem__(self, index: slice) -> list[InventoryEvent]: ...
    def __getitem__(self, index: int | slice) -> InventoryEvent | list[InventoryEvent]:
        return self._events[index]

    def __iter__(self) -> Iterator[InventoryEvent]:
        return iter(self._events)

    def by_kind(self, indexes: Ints) -> Iterator[tuple[str, Ints]]:
        """Each type there is among the events at these indexes, and where its events are."""
        codes = self.columns.codes[indexes]
        for code in np.flatnonzero(np.bincount(codes)).tolist():
            yield KINDS[code], indexes[codes == code]

    def arguments(self, indexes: Ints) -> Iterator[tuple[int, str, int, int]]:
        """Index, kind, quantity and time of each of those events: what decides about its row."""
        columns = self.columns
        kinds = map(KINDS.__getitem__, columns.codes[indexes].tolist())
        numbers = (column[indexes].tolist() for column in (columns.quantities, columns.times))
        return zip(indexes.tolist(), kinds, *numbers, strict=True)

    def counts(self, ignored: Sequence[int]) -> dict[str, int]:
        """How many there are of each type, without those at these indexes, which were ignored."""
        numbers = np.bincount(np.delete(self.columns.codes, ignored) if ignored else self.columns.codes)
        return {KINDS[code]: count for code, count in enumerate(numbers.tolist()) if count}

    def sales(self, ignored: Sequence[int]) -> Sales:
        """What windows take of them, without those at these indexes, which were ignored."""
        columns, codes = self.columns, self.columns.codes
        sold, returned = (np.where(codes == code, columns.quantities, 0) for code in (_SALE, _RETURN))
        sales = Sales(columns.stores, sold, returned, codes != _COUNT, columns.times)
        return sales.without(ignored) if ignored else sales
