"""Which partition Java's default partitioner gives a key: murmur2 with Kafka's seed."""

from functools import lru_cache

MASK = 0xFFFFFFFF
MULTIPLIER = 0x5BD1E995
SEED = 0x9747B28C


def murmur2(key: bytes) -> int:
    """Kafka's murmur2 as an unsigned 32-bit number."""
    digest = (SEED ^ len(key)) & MASK
    whole = len(key) - len(key) % 4
    for start in range(0, whole, 4):
        word = int.from_bytes(key[start : start + 4], "little") * MULTIPLIER & MASK
        word = (word ^ (word >> 24)) * MULTIPLIER & MASK
        digest = (digest * MULTIPLIER & MASK) ^ word
    if len(key) % 4:
        digest = (digest ^ int.from_bytes(key[whole:], "little")) * MULTIPLIER & MASK
    digest = (digest ^ (digest >> 13)) * MULTIPLIER & MASK
    return digest ^ (digest >> 15)


@lru_cache(100_000)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition out of `partitions` where a Java producer puts `key`."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
