"""What others do to the same cluster: a transaction left open on a source, a second process under a worker's name."""

import asyncio
import time
from itertools import islice

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from app.engine.partitioner import partition_of
from app.engine.topic_specs import PARTITIONS
from app.simulator.scenario import Scenario
from tests.chaos.fleet import Member
from tests.chaos.stage import Stage

TOPIC = "inventory-events"
RECORDS = 40
JOIN_SECONDS = 90.0


async def open_transaction(stage: Stage, seconds: float, *, commit: bool) -> None:
    """Somebody writes to a source in a transaction and takes long to end it: nothing behind it may be read before."""
    with stage.journal.fault(f"open transaction, then {'commit' if commit else 'abort'}") as fault:
        number = stage.rng.randrange(1_000_000)
        producer = AIOKafkaProducer(
            bootstrap_servers=stage.cluster.bootstrap,
            transactional_id=f"stranger-{number}",
            transaction_timeout_ms=60_000,
        )
        await producer.start()
        try:
            await producer.begin_transaction()
            scenario = Scenario(1_000_000 + number, start=int(time.time() * 1000), rate=1_000)
            places = set()
            for topic, key, value, _due in islice(scenario.records(RECORDS * 4), RECORDS):
                if topic == TOPIC:
                    place = TopicPartition(topic, partition_of(key or b"", PARTITIONS[topic]))
                    await producer.send_and_wait(topic, value, key, place.partition)
                    places.add(place)
            await asyncio.sleep(seconds)
            held = await _held_back(stage, places)
            await (producer.commit_transaction() if commit else producer.abort_transaction())
        finally:
            await producer.stop()
        if held:
            fault.evidence = f"{held} records in {len(places)} partitions held back after {seconds:.1f} s"


async def _held_back(stage: Stage, places: set[TopicPartition]) -> int:
    """Records between the last stable offsets and the ends."""
    ends = []
    for level in ("read_committed", "read_uncommitted"):
        consumer = AIOKafkaConsumer(bootstrap_servers=stage.cluster.bootstrap, isolation_level=level)
        await consumer.start()
        try:
            ends.append(sum((await consumer.end_offsets(list(places))).values()))
        finally:
            await consumer.stop()
    return ends[1] - ends[0]


async def same_instance(stage: Stage, member: Member, instance_id: str, seconds: float) -> None:
    """A second process under the instance id of one that runs, with a directory of its own; then it ends."""
    with stage.journal.fault("second process with an instance id") as fault:
        twin = stage.member(INSTANCE_ID=instance_id)
        twin.is_intruder = True
        twin.start()
        if not await _joined(twin):
            return
        await asyncio.sleep(seconds)
        fault.evidence = f"pid {twin.worker.pid} joined beside pid {member.worker.pid}"
        twin.kill()


async def _joined(member: Member) -> bool:
    deadline = time.monotonic() + JOIN_SECONDS
    while time.monotonic() < deadline:
        if "Joined group" in member.worker.tail():
            return True
        await asyncio.sleep(0.2)
    return False
