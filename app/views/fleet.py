"""Who answers: the partition's owner, or a standby while it can't; the whole fleet where the question is about all."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from aiohttp import web

from app.views.parts import ACTIVE, LOST, NOT_HELD, Part, Question, parts_here
from app.views.peers import PEERS, Answers
from app.views.responses import Problem, unavailable
from app.views.worker import WORKER, Owners

#: In place of a URL: this worker's own copy; and the same, taken even where it may be behind without knowing.
HERE, HERE_AT_LAST = "here", "here at last"
#: How long a question waits for a partition that is just moving from one worker to another.
PATIENCE_SECONDS = 1.0
_PAUSE_SECONDS = 0.05
#: The most a question takes, whatever the workers do.
PATIENCE_IN_ALL_SECONDS = 8.0
_NAMED_MAX = 3

FleetMap = Callable[[], Mapping[Any, Owners]]


async def gathered(request: web.Request, question: Question) -> list[Part]:
    """One part for each partition asked, in their order; raises a 503 Problem where one can't be had."""
    search = _Search(request, question)
    try:
        async with asyncio.timeout(PATIENCE_IN_ALL_SECONDS):
            return await search.run()
    except TimeoutError:
        raise search.failed() from None


class _Search:
    """One question on its way: which partitions still wait, for whom, and why those asked so far had nothing."""

    def __init__(self, request: web.Request, question: Question) -> None:
        self._request = request
        self._question = question
        self._worker, self._peers = request.app[WORKER], request.app[PEERS]
        self._found: dict[int, Part] = {}
        self._silent: set[str] = set()
        self._why: dict[int, dict[str, str]] = defaultdict(dict)
        self._patient_until = time.monotonic() + PATIENCE_SECONDS
        self._waiting = self._chosen(question.partitions)

    def _chosen(self, partitions: Iterable[int]) -> dict[int, list[str]]:
        """For each partition where to ask, best first."""
        # The map is looked at once for all of them, and not at all where everything is here.
        fleet = cache(self._worker.fleet_map)
        everybody = cache(lambda: _urls(fleet()))
        return {partition: self._choices(partition, fleet, everybody) for partition in partitions}

    def _choices(self, partition: int, fleet: FleetMap, everybody: Callable[[], list[str]]) -> list[str]:
        """The owner, standbys (our own first), then whoever may have it by now."""
        worker, group = self._worker, self._question.group.name
        task = worker.tasks.get(group, partition)
        own = task is not None and task.ready
        owner = own and task is not None and task.role == ACTIVE
        if owner and worker.in_touch:
            return [HERE]
        owners = fleet().get((group, partition))
        order = [owners.active] if owners is not None and owners.active else []
        order += [HERE] if own and not owner else []
        order += owners.standbys if owners is not None else []
        urls = [url for url in dict.fromkeys([*order, *everybody()]) if url != worker.own_url]
        # Python's sort keeps the order of equals: only the workers that kept silent move behind the others.
        return sorted(urls, key=self._peers.avoided) + ([HERE_AT_LAST] if own else [])

    async def run(self) -> list[Part]:
        """Ask copy after copy, all workers at once, until every partition is found."""
        while self._waiting:
            turns = await self._turns()
            answers = [self._ask(copy, partitions) for copy, partitions in turns.items()]
            done = [await answers[0]] if len(answers) == 1 else await asyncio.gather(*answers)
            for copy, found in zip(turns, done, strict=True):
                self._take(copy, found)
        return [self._found[partition] for partition in self._question.partitions]

    async def _turns(self) -> dict[str, list[int]]:
        turns: dict[str, list[int]] = defaultdict(list)
        for partition, choices in self._waiting.items():
            while choices and choices[0] in self._silent:
                choices.pop(0)
            if choices:
                turns[choices.pop(0)].append(partition)
            elif not self._moving(partition):
                raise self.failed()
        if not turns:
            await asyncio.sleep(_PAUSE_SECONDS)
            self._waiting = self._chosen(self._waiting)
        # Peers first: they are at work while our own copies are read.
        return dict(sorted(turns.items(), key=lambda turn: turn[0] in (HERE, HERE_AT_LAST)))

    def _moving(self, partition: int) -> bool:
        """Whether the partition may turn up in a moment: nobody restores it and nobody kept silent."""
        return time.monotonic() < self._patient_until and set(self._why[partition].values()) <= {NOT_HELD, LOST}

    async def _ask(self, copy: str, partitions: list[int]) -> Answers:
        if copy in (HERE, HERE_AT_LAST):
            return await parts_here(self._worker, self._question, partitions)
        answers = await self._peers.ask(copy, self._request, partitions)
        if self._peers.avoided(copy):
            self._silent.add(copy)
        return answers

    def _take(self, copy: str, answers: Answers) -> None:
        for partition, part in answers.items():
            if isinstance(part, str):
                self._why[partition][self._worker.own_url if copy in (HERE, HERE_AT_LAST) else copy] = part
            elif part.sure or copy == HERE_AT_LAST:
                self._found[partition] = part
                del self._waiting[partition]

    def failed(self) -> Problem:
        """503 that names the workers and what kept them."""
        group, partitions = self._question.group.name, sorted(self._waiting)
        whys = dict.fromkeys(
            f"{worker} {why}" for partition in partitions[:_NAMED_MAX] for worker, why in self._why[partition].items()
        )
        shown = ", ".join(map(str, partitions[:_NAMED_MAX])) + (" and more" if len(partitions) > _NAMED_MAX else "")
        reason = "; ".join(whys) or "no worker is known to hold it"
        return unavailable(f"partition {shown} of {group} can't be read now: {reason}", partitions=partitions)


def _urls(fleet: Mapping[Any, Owners]) -> list[str]:
    return sorted({url for owners in fleet.values() for url in (owners.active, *owners.standbys) if url})
