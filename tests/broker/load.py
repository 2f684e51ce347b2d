"""Mixed traffic out of real data: all writers, some records sent twice, some spoiled in every way there is."""

from collections.abc import Iterable, Iterator
from random import Random

from app.simulator.encoding import WRITERS
from app.simulator.outgoing import Outgoing
from app.simulator.resort.happening import Happening
from app.simulator.resort.log import mixed
from app.simulator.spoil import kinds_of, spoil

AGAIN_WITHIN = 2_000  # records


def troubled(happenings: Iterable[Happening], *, again: float, spoiled: float, seed: int = 1) -> Iterator[Outgoing]:
    """The events as their writers send them; shares `again` of them a second time, and `spoiled` copies beside them."""
    rng = Random(seed)
    recent: list[Outgoing] = []
    turns = dict.fromkeys(WRITERS, 0)
    known = list(happenings)
    for happening, record in zip(known, mixed(known), strict=True):
        yield record
        if len(recent) < AGAIN_WITHIN:
            recent.append(record)
        else:
            recent[rng.randrange(AGAIN_WITHIN)] = record
        if rng.random() < again:
            yield rng.choice(recent)
        if rng.random() < spoiled:
            yield _spoiled(happening, turns)


def _spoiled(happening: Happening, turns: dict[str, int]) -> Outgoing:
    kinds = kinds_of(happening.topic)
    turn = turns[happening.topic]
    turns[happening.topic] += 1
    event = {**happening.event, "eventId": f"{happening.event['eventId']}-spoiled"}
    key, value = spoil(happening.topic, event, kinds[turn % len(kinds)], key=happening.key)[1:3]
    return Outgoing(happening.topic, key, value)


def interleaved(*streams: Iterable[Happening], seed: int = 1) -> list[Happening]:
    """The streams in one, each in its own order."""
    queues = [list(reversed(list(stream))) for stream in streams]
    rng = Random(seed)
    order = [number for number, queue in enumerate(queues) for _ in queue]
    rng.shuffle(order)
    return [queues[number].pop() for number in order]
