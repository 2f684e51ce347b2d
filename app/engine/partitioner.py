"""Which partition a key belongs to: Java's default partitioner, as every producer of the contract uses it."""

from aiokafka.partitioner import murmur2


def partition_of(key: bytes, partitions: int) -> int:
    """Partition 0..partitions-1 of a key: murmur2 of its bytes with the sign bit cleared, modulo the count."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)
