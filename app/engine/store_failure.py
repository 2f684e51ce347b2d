"""Why a store can't go on: what is in its directory is damaged, or the disk takes nothing more."""

import re

#: What RocksDB says when the disk takes nothing more while what is on it is sound.
_DISK_REFUSES = ("No space left", "quota exceeded", "File too large", "Read-only file system", "Too many open files")
#: What is said of an error: words alone, for what follows may be a key.
_WORDS = re.compile(r"[A-Za-z ]*(?:: [A-Za-z ]{1,60})?")


class StoreFailed(Exception):
    """A store can't go on. The text says why, and nothing of what the store holds."""


class StoreDamaged(StoreFailed):
    """What is in the directory can't be trusted, or is not this partition's: it must be made anew."""


class DiskRefuses(StoreFailed):
    """The disk is full, or takes nothing for another reason: what is in the directory stays good."""


def failure_of(error: Exception) -> StoreFailed:
    """What an error of RocksDB, which has one class for all of them, is about."""
    if isinstance(error, StoreFailed):
        return error
    kind = DiskRefuses if any(text in str(error) for text in _DISK_REFUSES) else StoreDamaged
    if isinstance(error, OSError):
        return kind(error.strerror)
    words = _WORDS.match(str(error))
    return kind((words and words[0].strip()) or type(error).__name__)
