"""How a partition's RocksDB is set up, opened and written to."""

import time
from collections.abc import Callable
from pathlib import Path

from rocksdict import BlockBasedOptions, Cache, Options, Rdict, WriteOptions

from app.engine.store_failure import DiskRefuses, StoreDamaged, failure_of

#: Small enough for the processor's caches; written to a file several at a time, so that files are not small.
_MEMTABLE_BYTES = 512 << 10
_MEMTABLES_PER_FILE = 8
_BLOCK_CACHE_BYTES = 64 << 20
_BLOOM_BITS_PER_KEY = 10


#: The changelog is the log. And RocksDB may not wait for room in memory: on a full disk it would for ever.
without_log = WriteOptions()
without_log.disable_wal = True
without_log.no_slowdown = True

_NO_ROOM = "Write stall"
_FAILED_FILES = "rocksdb.background-errors"
_LOOK_AGAIN_SECONDS = 0.002

_block_cache = Cache(_BLOCK_CACHE_BYTES)


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(_MEMTABLE_BYTES)
    options.set_min_write_buffer_number_to_merge(_MEMTABLES_PER_FILE)
    options.set_max_write_buffer_number(3 * _MEMTABLES_PER_FILE)
    options.set_memtable_prefix_bloom_ratio(0.1)
    options.set_memtable_whole_key_filtering(True)
    options.set_allow_concurrent_memtable_write(False)
    options.set_max_open_files(64)
    options.set_keep_log_file_num(1)
    table = BlockBasedOptions()
    table.set_block_cache(_block_cache)
    table.set_bloom_filter(_BLOOM_BITS_PER_KEY, False)
    options.set_block_based_table_factory(table)
    return options


def opened(directory: Path) -> Rdict:
    """The database of a directory, made where there is none; raises StoreFailed."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if not (directory / "CURRENT").exists() and any(directory.glob("MANIFEST-*")):
            raise StoreDamaged("CURRENT is missing")  # RocksDB might begin anew over what is there
        return Rdict(str(directory), _options())
    except Exception as error:
        raise failure_of(error) from None


def once_there_is_room(db: Rdict, write: Callable[[], None]) -> None:
    """Call write (without_log); again while RocksDB has no room in memory, or DiskRefuses where its files fail.

    A batch is to be made in the call: RocksDB takes it even where it refuses it.
    """
    while True:
        try:
            return write()
        except Exception as error:
            if _NO_ROOM not in str(error):
                raise
        if db.property_int_value(_FAILED_FILES):
            raise DiskRefuses("No space left for its files")
        time.sleep(_LOOK_AGAIN_SECONDS)
