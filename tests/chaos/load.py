"""The traffic of a chaos run, sent by a process of its own: `python -m tests.chaos.load --bootstrap ... --log ...`.

Mixed traffic in all three topics at a steady rate, until the count is reached or SIGTERM comes. Every acknowledged
batch is a line of the log, `topic partition first-offset count crc32`; the last line sums up. What is in
flight, and the log, are bounded.
"""

import argparse
import asyncio
import heapq
import json
import signal
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, TextIO

from aiokafka.errors import KafkaError

from app.engine.idempotent import IdempotentProducer
from app.engine.partitioner import partition_of
from app.engine.topic_specs import PARTITIONS
from app.simulator.encoding import JSON, PAYMENTS, encode
from app.simulator.outgoing import Outgoing
from app.simulator.scenario import Scenario, Shares

SHARES = Shares(duplicates=0.05, late=0.05, poison=0.02)
EARLY_REFUNDS_PER_S = 10.0
TICK_S = 0.2
#: After a broker was away the load catches up, but not at once.
CATCH_UP = 3.0
IN_FLIGHT_MAX = 20_000  # records
DELIVERY_MS = 120_000
COUNT_MAX = 5_000_000


class Acknowledged(NamedTuple):
    """A batch the broker took: where it stands, and a checksum of its keys and values."""

    topic: str
    partition: int
    offset: int
    count: int
    checksum: int


class Sent(NamedTuple):
    """What a load process says at its end; seconds from its first record to its last acknowledgement."""

    records: int
    refused: dict[str, int]
    seconds: float


def checksum(records: list[tuple[bytes | None, bytes | None]]) -> int:
    """Of keys and values in order."""
    crc = 0
    for key, value in records:
        crc = zlib.crc32(
            b"\0" if value is None else b"\1" + value, zlib.crc32(b"\0" if key is None else b"\1" + key, crc)
        )
    return crc


class EarlyRefunds:
    """Refunds that come before what they refund was paid: by less than retries wait, by more, or for ever."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)
        self._due: list[tuple[float, Outgoing]] = []
        self._count = 0

    def take(self, now: float) -> list[Outgoing]:
        """What is to be sent at `now`, epoch seconds."""
        found = []
        if self._rng.random() < EARLY_REFUNDS_PER_S * TICK_S:
            self._count += 1
            found.append(self._event("REFUNDED", now))
            if self._rng.random() < 0.9:
                heapq.heappush(self._due, (now + self._rng.uniform(0, 5), self._event("COMPLETED", now)))
        while self._due and self._due[0][0] <= now:
            found.append(heapq.heappop(self._due)[1])
        return found

    def _event(self, status: str, now: float) -> Outgoing:
        payment = f"early-{self._count}"
        event = {
            "eventId": f"{payment}-{status}",
            "paymentId": payment,
            "bookingId": f"{payment}-booking",
            "amountMinor": self._count,
            "currency": "EUR",
            "method": "CARD",
            "status": status,
            "occurredAt": int(now * 1000),
        }
        return Outgoing(PAYMENTS, payment.encode(), encode(event, JSON))


class Load:
    """Sends a scenario's records in small batches, in the order of each partition."""

    def __init__(self, producer: IdempotentProducer, log: TextIO, refunds: EarlyRefunds) -> None:
        self._producer = producer
        self._refunds = refunds
        self._log = log
        self._in_flight = 0
        self._room = asyncio.Event()
        self.stopped = False
        self.sent = 0
        self.refused: Counter[str] = Counter()

    async def run(self, records: Iterator[Outgoing], rate: float) -> None:
        """Send until the records are used up, or `stopped`."""
        began, done = time.monotonic(), 0
        while not self.stopped:
            due = int((time.monotonic() - began) * rate) - done
            part = list(islice(records, min(due, int(CATCH_UP * rate * TICK_S))))
            if due > 0 and not part:
                break
            done += len(part)
            await self._send([*part, *self._refunds.take(time.time())])
            while self._in_flight > IN_FLIGHT_MAX:
                self._room.clear()
                await self._room.wait()
            await asyncio.sleep(TICK_S)
        await self._producer.flush()

    async def _send(self, records: list[Outgoing]) -> None:
        batches: dict[tuple[str, int], list[tuple[bytes | None, bytes | None]]] = defaultdict(list)
        for topic, key, value, _due in records:
            # A key that can't be read belongs nowhere in particular.
            batches[topic, partition_of(key or b"", PARTITIONS[topic])].append((key, value))
        for (topic, partition), batch in batches.items():
            builder = self._producer.create_batch()
            for key, value in batch:
                assert builder.append(key=key, value=value, timestamp=None) is not None
            self._in_flight += len(batch)
            delivery = await self._producer.send_batch(builder, topic, partition=partition)
            delivery.add_done_callback(lambda done, topic=topic, batch=batch: self._done(done, topic, batch))

    def _done(self, delivery: Any, topic: str, batch: list[tuple[bytes | None, bytes | None]]) -> None:
        self._in_flight -= len(batch)
        self._room.set()
        error = delivery.exception()
        if error is not None:
            self.refused[type(error).__name__] += len(batch)
            return
        self.sent += len(batch)
        at = delivery.result()
        self._log.write(f"{topic} {at.partition} {at.offset} {len(batch)} {checksum(batch)}\n")


def acknowledged(log: Path) -> tuple[list[Acknowledged], Sent]:
    """What a load process has written."""
    *lines, last = log.read_text().splitlines()
    batches = [Acknowledged(topic, *map(int, numbers)) for topic, *numbers in (line.split() for line in lines)]
    return batches, Sent(**json.loads(last))


async def run(arguments: argparse.Namespace) -> None:
    """Send until told to stop."""
    producer = IdempotentProducer(
        bootstrap_servers=arguments.bootstrap, max_batch_size=1 << 20, request_timeout_ms=DELIVERY_MS
    )
    scenario = Scenario(arguments.seed, start=int(time.time() * 1000), rate=arguments.rate, shares=SHARES)
    with arguments.log.open("w") as log:
        await producer.start()
        load = Load(producer, log, EarlyRefunds(arguments.seed))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: setattr(load, "stopped", True))
        began = time.monotonic()
        try:
            await load.run(scenario.records(arguments.count), arguments.rate)
        except KafkaError as error:
            load.refused[f"stopped by {type(error).__name__}"] += 1
        seconds = time.monotonic() - began
        try:
            await asyncio.wait_for(producer.stop(), 10)
        finally:
            log.write(json.dumps(Sent(load.sent, dict(load.refused), seconds)._asdict()) + "\n")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=COUNT_MAX)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
