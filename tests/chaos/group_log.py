"""What Kafka itself has noted about the group: each committed offset and each generation, with the time of either.

Read from `__consumer_offsets` after the run, so that looking costs nothing while faults happen, and a broker that is
away leaves no hole in what was seen.
"""

import struct
from collections import defaultdict
from itertools import pairwise
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.chaos.committed import reader, up_to_the_ends

OFFSETS_TOPIC = "__consumer_offsets"
_KIND = struct.Struct(">h")
_OFFSET = struct.Struct(">hq")
_OFFSET_KINDS = (0, 1)
_GROUP_KIND = 2

Place = tuple[str, int]


class Committed(NamedTuple):
    """A committed offset, and the second (epoch) at which the coordinator wrote it."""

    at: float
    offset: int


class Generation(NamedTuple):
    """A generation of the group, and the second (epoch) at which it began."""

    at: float
    number: int


class GroupLog(NamedTuple):
    """Commits by (topic, partition) in order, and generations."""

    commits: dict[Place, list[Committed]]
    generations: list[Generation]

    def longest_gap(self, place: Place, began: float, ended: float) -> float:
        """Seconds between two commits of a partition, the longest that overlaps [began, ended]."""
        times = [each.at for each in self.commits.get(place, ())]
        gaps = pairwise(times)
        return max((after - before for before, after in gaps if after >= began and before <= ended), default=0.0)


async def group_log(bootstrap: str, group: str, since: float) -> GroupLog:
    """Everything noted about a group since a time (epoch seconds)."""
    consumer = reader(bootstrap)
    commits: dict[Place, list[Committed]] = defaultdict(list)
    generations: dict[int, float] = {}
    await consumer.start()
    try:
        async for _tp, record in up_to_the_ends(consumer, await _partitions(consumer)):
            if record.timestamp < since * 1000 or record.key is None or record.value is None:
                continue
            kind = _KIND.unpack_from(record.key)[0]
            name, rest = _text(record.key, 2)
            if name != group:
                continue
            if kind in _OFFSET_KINDS:
                topic, at = _text(record.key, rest)
                place = topic, int.from_bytes(record.key[at : at + 4], "big")
                commits[place].append(Committed(record.timestamp / 1000, _OFFSET.unpack_from(record.value)[1]))
            elif kind == _GROUP_KIND:
                generations.setdefault(_generation(record.value), record.timestamp / 1000)
    finally:
        await consumer.stop()
    return GroupLog(dict(commits), [Generation(at, number) for number, at in sorted(generations.items())])


async def _partitions(consumer: AIOKafkaConsumer) -> list[TopicPartition]:
    # A topic of the broker's own is in no list of topics until somebody asks for it.
    consumer._client.add_topic(OFFSETS_TOPIC)
    await consumer._client.force_metadata_update()
    found = consumer._client.cluster.partitions_for_topic(OFFSETS_TOPIC)
    assert found, "the group's topic is not there"
    return [TopicPartition(OFFSETS_TOPIC, number) for number in sorted(found)]


def _text(raw: bytes, at: int) -> tuple[str, int]:
    end = at + 2 + _KIND.unpack_from(raw, at)[0]
    return raw[at + 2 : end].decode(), end


def _generation(value: bytes) -> int:
    version = _KIND.unpack_from(value)[0]
    assert version <= 3, f"a group record of version {version} is not known here"
    _protocol, at = _text(value, 2)
    return int(struct.unpack_from(">i", value, at)[0])
