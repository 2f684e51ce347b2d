"""Faust's table manager with our restore in the place of its recovery."""

from typing import Any

from faust.tables.manager import TableManager as FaustTableManager

from app.engine.restore import Restore


class TableManager(FaustTableManager):  # type: ignore[misc]
    """Registers tables and changelogs as Faust does; restores them as app.engine.restore does."""

    _recovery: Any = None

    @property
    def recovery(self) -> Restore:
        """The restore service of this worker."""
        if self._recovery is None:
            self._recovery = Restore(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery  # type: ignore[no-any-return]
