"""Directories that can't be trusted are set aside, for somebody to look at, and the partition starts with a new one."""

import logging
import shutil
from datetime import UTC, datetime
from pathlib import Path

from app.engine.storage import PartitionStore
from app.engine.store_failure import DiskRefuses, StoreDamaged

#: Directories kept for a look in all; older ones are deleted when another one comes.
KEPT = 3
_MARK = ".damaged-"

log = logging.getLogger(__name__)


def open_store(directory: Path) -> PartitionStore:
    """The store of a directory, or an empty one where what is there is damaged; raises DiskRefuses."""
    try:
        return PartitionStore(directory)
    except StoreDamaged as found:
        damage = str(found)
    set_aside(directory, damage)
    try:
        store = PartitionStore(directory)
    except StoreDamaged as found:  # a new directory is not damaged: something is wrong with the disk
        raise DiskRefuses(str(found)) from None
    store.replaces = damage
    return store


def set_aside(directory: Path, why: str) -> None:
    """Rename a directory to `<name>.damaged-<time>` and delete the oldest of those; raises DiskRefuses."""
    aside = directory.with_name(f"{directory.name}{_MARK}{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    log.error("%s can't be trusted (%s): set aside as %s, rebuilt from the changelog", directory.name, why, aside.name)
    try:
        directory.rename(aside)
    except OSError as error:
        raise DiskRefuses(f"{directory.name} can't be renamed: {error.strerror}") from None
    kept = sorted(directory.parent.glob(f"*{_MARK}*"), key=lambda path: path.name.rpartition(_MARK)[2])
    for oldest in kept[:-KEPT]:
        shutil.rmtree(oldest, ignore_errors=True)
